"""Check any server against the Open Inference Protocol, over HTTP."""
