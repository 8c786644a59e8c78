"""Settings of every service."""

from typing import Any

SETTINGS: dict[str, Any] = {"workers": 1, "logging": {"access": {"enabled": False}}}
