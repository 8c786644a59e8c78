"""`make demo`: from the template to a prediction, each step shown.

Environment variables: PACKAGE_MANAGER (uv, poetry or pdm), KEEP=1 (leave the service running).
"""

import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from copier import run_copy

from tools.managers import INSTALL, REQUIREMENTS, ROOT, ensure, environment
from tools.service import Service, running
from tools.template import snapshot

PROJECT = ROOT / ".demo" / "ml-service"


def main() -> None:
    """Run the demo; a step that fails ends it with what the step printed."""
    manager = os.environ.get("PACKAGE_MANAGER", "uv")
    if manager not in REQUIREMENTS:
        sys.exit(f"PACKAGE_MANAGER={manager}: choose one of {', '.join(REQUIREMENTS)}")
    keep = os.environ.get("KEEP", "") not in ("", "0")
    started = time.monotonic()
    env = environment(manager)

    step("Scaffold", f"copier copy --defaults --data package_manager={manager} … ml-service")
    shutil.rmtree(PROJECT, ignore_errors=True)
    with TemporaryDirectory() as folder:
        template = snapshot(Path(folder))
        run_copy(str(template), PROJECT, {"package_manager": manager}, defaults=True, quiet=True)

    step("Install", shlex.join(INSTALL[manager]))
    installed = subprocess.run(
        INSTALL[manager], cwd=PROJECT, env=env, capture_output=True, text=True, check=False
    )
    if installed.returncode:
        sys.exit(f"{installed.stdout}{installed.stderr}\n{manager} could not install the service.")

    command = [manager, "run", "start-server"]
    own = manager if shutil.which(manager) else str(ensure(manager) / manager)
    step("Start", shlex.join(command))
    with running(command, cwd=PROJECT, env=env, log=PROJECT / "demo.log") as service:
        print(f"    listening on {service.url}")
        show(service, "GET", "/health")
        show(service, "POST", "/predict?input=This+is+good")
        show(service, "POST", "/predict?input=This+is+bad")
        print(f"\nDone in {time.monotonic() - started:.0f} s. The service is in {PROJECT}")
        again = f"cd {shlex.quote(str(PROJECT))} && {shlex.quote(own)} run start-server"
        print(f"  start it again:  {again}")
        print("  then open:       http://127.0.0.1:8000/docs")
        print("  your own model:  README.md in that folder")
        if keep:
            print(f"\nKEEP=1: running on {service.url} until you press Ctrl+C.", flush=True)
            try:
                service.process.wait()
            except KeyboardInterrupt:
                print()


def step(name: str, command: str) -> None:
    """Print the next step and its command."""
    print(f"\n{name}\n  $ {command}", flush=True)


def show(service: Service, method: str, path: str) -> None:
    """Send a request; print it and its response."""
    status, answer, _ = service.request(path, method=method)
    print(
        f"\n  {method} {path}\n    {status} {json.dumps(answer, separators=(',', ':'))}", flush=True
    )
    if status != 200:
        sys.exit("The response is not the expected one.")


if __name__ == "__main__":
    main()
