"""Code that the Makefile, the tests and the benchmarks share."""
