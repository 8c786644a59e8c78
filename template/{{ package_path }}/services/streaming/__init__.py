"""Predictions in chunks, from models with a `predict_stream`."""
