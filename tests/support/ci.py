"""The rendered CI workflow: commands of its jobs, and a stand-in for Docker."""

import yaml


def steps(project, job):
    """Return the commands of a job in their order, but for the installation of the manager."""
    workflow = yaml.safe_load((project / ".github/workflows/ci.yml").read_text("utf-8"))
    commands = [step["run"] for step in workflow["jobs"][job]["steps"] if "run" in step]
    return [command for command in commands if not command.startswith("pipx install ")]


def jobs(project):
    """Return the names of the jobs, in their order."""
    return [*yaml.safe_load((project / ".github/workflows/ci.yml").read_text("utf-8"))["jobs"]]


def write_docker(folder):
    """Write a command `docker` that prints its arguments: the service that it would start runs."""
    command = folder / "docker"
    command.write_text('#!/bin/sh\necho "docker $*"\n')
    command.chmod(0o755)
