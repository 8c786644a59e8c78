"""Responses while the upstream of a model is not available."""
