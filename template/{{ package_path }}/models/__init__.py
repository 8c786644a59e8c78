"""Model code, one file per model."""
