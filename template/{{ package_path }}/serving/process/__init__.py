"""The process that serves: its workers, its end, its log lines, what a fork inherits."""
