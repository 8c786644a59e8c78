"""Shared base layer: loading the configuration, the logger, the errors."""
