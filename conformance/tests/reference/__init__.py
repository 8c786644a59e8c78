"""The reference server, which keeps to the protocol."""
