"""The conformance suite of `conformance/`, against a running service."""

import json
import subprocess

from tools.conformance import ensure_conformance


def statements_that_hold(service, model, folder, version=""):
    """Run the suite; check that no statement is broken, and return those that hold."""
    suite, results = ensure_conformance() / "open-inference-conformance", folder / "results.json"
    command = [suite, f"--url={service.url}", f"--model={model}", f"--results={results}"]
    command.append(f"--model-version={version}")
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    outcomes = json.loads(results.read_text("utf-8"))
    return {name for name, statement in outcomes.items() if statement["outcome"] == "holds"}
