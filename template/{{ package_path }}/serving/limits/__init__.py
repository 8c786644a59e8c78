"""Limits of requests: bytes and cost of a body, deadlines, the number of requests at work."""
