"""JSON bodies of predictions: validated from their bytes, by the same rules in every preset."""
