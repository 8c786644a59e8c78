"""Checks and JSON forms of the types and methods that a model declares."""
