"""Predictions in chunks, as server-sent events."""
