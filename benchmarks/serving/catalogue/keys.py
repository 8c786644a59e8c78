"""Keys of the systems that are compared by name, and families of systems."""

BASELINE, OURS, PARSE_ONLY = "fastapi", "ours", "asgi-parse-only"
OURS_BINARY = "ours-v2-binary"
BEFORE = {"ours": "ours-before", "ours-minimal": "ours-minimal-before"}
"""Variants of the rendered service, and the same of an earlier release."""
LADDER = ("ours", "ours-warning", "ours-no-metrics", "ours-no-batching", "ours-minimal")
PEERS = ("LitServe", "BentoML", "MLServer", "Ray Serve")
