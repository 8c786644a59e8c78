"""Measurements of what the template renders, beside its peers."""
