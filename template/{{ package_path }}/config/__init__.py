"""Typed settings classes and their validation."""
