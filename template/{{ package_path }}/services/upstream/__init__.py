"""Models that an upstream runs."""
