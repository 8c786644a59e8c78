"""What the Makefile, the tests and the benchmarks share."""
