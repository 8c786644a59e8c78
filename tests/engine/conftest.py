"""The suite runs in renders, by test_engine.py; it is not collected here."""

collect_ignore = ["suite"]
