"""Holds any server against the Open Inference Protocol: `make conformance URL=… MODEL=…`."""
