"""Tests of predictions that need the service's code itself; they run in its environment."""

import os
from pathlib import Path

import pytest

collect_ignore = ["in_process"]  # they import the rendered package


@pytest.fixture(scope="session")
def project(render) -> Path:
    """A render of the production preset; `FAULTS_PROJECT` names another project."""
    return Path(os.environ.get("FAULTS_PROJECT") or render())
