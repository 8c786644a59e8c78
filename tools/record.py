"""`make record`: docs/images/demo.svg, a recording of the way from the template to a prediction.

Every command is really run, in a terminal of its own, and its lines appear when they really came;
only the typing is imitated. Rich draws the picture; a little CSS lets its lines appear in time.
Who asks for reduced motion, or cannot animate, sees the last frame.
"""

import io
import os
import pty
import re
import select
import shlex
import socket
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.text import Text

from tools.managers import ROOT, environment
from tools.service import stop
from tools.template import snapshot

PICTURE = ROOT / "docs" / "images" / "demo.svg"
TEMPLATE = "<template>"  # shown for the template's address
COLUMNS, ROWS = 100, 40
KEY_SECONDS, PAUSE_SECONDS = 0.03, 0.6
STEP_SECONDS = 300
CELL_WIDTH, CELL_HEIGHT = 12.2, 24.4  # Rich's, in the picture's units


@dataclass(frozen=True)
class Step:
    """A command, what its output must contain, and which of its lines are worth showing."""

    command: str
    expect: str
    show: str = ""
    folder: str = "ml-service"
    serves: bool = False
    title: str = ""


CURL = 'curl --request POST "http://127.0.0.1:8000/predict?input=This+is+{}"'
STEPS = [
    Step(
        f"copier copy --defaults {TEMPLATE} ml-service",
        expect="is ready",
        show=r"create.+ (src/main|src/api/predict|src/models/dummy_model|tests/conf|Dockerfile)",
        folder=".",
    ),
    Step("cd ml-service && ./scripts/setup_env.sh", "Start the API", r"with|Inst|\.env$", "."),
    Step("uv run start-server", "(?s)running on.*Loaded model|Loaded model.*running on", serves=True),
    Step(CURL.format("good"), '"prediction":"positive"', title="# In a second terminal"),
    Step(CURL.format("bad"), '"prediction":"negative"'),
]


@dataclass
class Recording:
    """The lines of the picture, each with the second in which it appears."""

    now: float = PAUSE_SECONDS
    lines: list[tuple[float, Text]] = field(default_factory=list)
    typed: list[tuple[int, float, int]] = field(default_factory=list)  # line, second, keys

    def type(self, command: str) -> None:
        """Show a prompt, and a command as somebody types it."""
        prompt = Text.assemble(("$ ", "green"), (command, "bold"))
        if prompt.cell_len > COLUMNS:
            raise ValueError(f"The command is too long for the picture: {command}")
        self.typed.append((len(self.lines), self.now + PAUSE_SECONDS, len(command)))
        self.lines.append((self.now, prompt))
        self.now += PAUSE_SECONDS + len(command) * KEY_SECONDS

    def print(self, text: Text, after: float = 0) -> None:
        """Show a line, folded at the terminal's edge."""
        for part in text.divide(range(COLUMNS, text.cell_len, COLUMNS)):
            self.lines.append((self.now + after, part))


def main() -> None:
    """Record every step, and write the picture."""
    recording = Recording()
    env = environment("uv")
    own = Path(sys.executable).parent  # where Copier is
    env |= {"PATH": f"{own}{os.pathsep}{env['PATH']}", "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
    env |= {"API_HOST": "127.0.0.1", "UV_NO_PROGRESS": "1"}
    with TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name).resolve()
        template = snapshot(folder / "template")
        for step in STEPS:
            print(f"$ {step.command}", flush=True)
            command = step.command.replace(TEMPLATE, shlex.quote(str(template)))
            perform(step, command, folder, env, recording, stack)
        picture = draw(recording)
        private = [str(folder), str(ROOT), str(Path.home()), socket.gethostname()]
    if found := [text for text in private if re.search(rf"\b{re.escape(text)}\b", picture)]:
        sys.exit(f"The recording shows what it should not: {', '.join(found)}")
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    PICTURE.write_text(picture, "utf-8")
    print(f"{PICTURE.relative_to(ROOT)}: {recording.now:.0f} s, {len(picture.encode()) / 1024:.0f} KB")
