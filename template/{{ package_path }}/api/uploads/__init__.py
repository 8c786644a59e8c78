"""Bytes that are not JSON: bodies by media type, forms with a file, responses by `Accept`."""
