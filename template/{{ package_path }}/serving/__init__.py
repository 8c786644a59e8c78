"""The serving engine: connections, limits of requests, the fast path, the server process.

It is not meant to be edited. Only `parts.py` imports it.
"""
