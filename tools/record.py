"""`make record`: docs/images/demo.svg, from the template to a prediction in a terminal.

Every command is really run, in a terminal of its own; its lines appear when they were printed.
Only the typing is imitated, and lines without information are counted instead of shown. Rich
draws the picture, a little CSS reveals its lines; without motion it is the last frame.
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
from collections.abc import Mapping
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
TEMPLATE = "<template>"  # shown as the template's address
COLUMNS, ROWS = 100, 40
KEY_SECONDS, PAUSE_SECONDS, STEP_SECONDS = 0.02, 0.5, 300


@dataclass(frozen=True)
class Step:
    """A command, a pattern that its output must match, and a pattern of the lines to show."""

    command: str
    expect: str
    show: str = ""
    comment: str = ""
    folder: str = "ml-service"
    keeps_running: bool = False


CURL = 'curl --request POST "http://127.0.0.1:8000/predict?input=This+is+{}"'
STEPS = [
    Step(
        f"copier copy --defaults {TEMPLATE} ml-service",
        expect="ml-service is ready",
        show=r"create .*(src/main|/predict|/dummy_model|Dockerfile)",
        folder=".",
    ),
    Step(
        "cd ml-service && ./scripts/setup_env.sh",
        expect="Start the API",
        show="Resolved|Installed|Created",
        folder=".",
    ),
    Step(
        "uv run start-server",
        expect="(?s)(?=.*running on)(?=.*Loaded model)",
        show="Starting|running on",
        keeps_running=True,
    ),
    Step(CURL.format("good"), '{"prediction":"positive"}', comment="# in a second terminal"),
    Step(CURL.format("bad"), '{"prediction":"negative"}'),
]

# Rich's own frame has fonts from the network and a clip path for every line.
FRAME = """\
<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg" role="img">
<title>From the template to a prediction, recorded in a terminal</title>
<style>
text {{
  font: {char_height}px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace;
  white-space: pre;
}}
.demo-title {{ font-size: 18px }}
.cover {{ visibility: hidden; fill: #292929 }}
@media (prefers-reduced-motion: no-preference) {{
  .lines text {{ animation: appear 1ms both }}
  .cover {{ animation: type 1s both }}
}}
@keyframes appear {{ from {{ opacity: 0 }} }}
@keyframes type {{
  from {{ visibility: visible; transform: none }}
  to {{ visibility: hidden; transform: translateX(var(--width)) }}
}}
{styles}
</style>
<clipPath id="screen"><rect width="{terminal_width}" height="{terminal_height}"/></clipPath>
{chrome}
<g class="lines" clip-path="url(#screen)" transform="translate({terminal_x} {terminal_y})">
{matrix}<!-- covers --></g>
</svg>
"""


@dataclass
class Recording:
    """The lines of the picture, with the times at which they appear."""

    now: float = PAUSE_SECONDS
    lines: list[tuple[float, Text]] = field(default_factory=list)
    covers: list[str] = field(default_factory=list)

    def type(self, command: str) -> None:
        """Show a prompt, and the command as if it were typed: a cover moves off it."""
        width, y, begin = len(command) * 12.2, len(self.lines) * 24.4, self.now + PAUSE_SECONDS
        seconds = len(command) * KEY_SECONDS
        self.show(Text.assemble(("$ ", "green"), (command, "bold")))
        self.covers.append(
            f'<rect class="cover" x="24.4" y="{y:.1f}" width="{width:.1f}" height="25"'
            f' style="--width:{width:.1f}px;animation-delay:{begin:.2f}s;'
            f'animation-duration:{seconds:.2f}s;animation-timing-function:steps({len(command)},start)"/>'
        )
        self.now = begin + seconds

    def show(self, text: Text, after: float = 0) -> None:
        """Add a line, folded at the terminal's edge."""
        for part in text.divide(range(COLUMNS, len(text), COLUMNS)):
            self.lines.append((self.now + after, part))

    def draw(self) -> str:
        """Render the picture."""
        console = Console(
            record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True,
            color_system="truecolor", no_color=False, highlight=False,
        )  # fmt: skip
        for _, text in self.lines:
            console.print(text, no_wrap=True, crop=False)
        picture = console.export_svg(title="ml-service", code_format=FRAME, unique_id="demo")
        picture = re.sub(r"<text[^>]*>\n</text>", "\n", picture)
        picture = re.sub(
            r'clip-path="url\(#demo-line-(\d+)\)"',
            lambda line: (
                f'xml:space="preserve" style="animation-delay:{self.lines[int(line[1])][0]:.2f}s"'
            ),
            picture,
        )
        return picture.replace("&#160;", " ").replace("<!-- covers -->", "".join(self.covers))


def main() -> None:
    """Record all steps, and write the picture."""
    env = environment("uv")
    path = os.pathsep.join([str(Path(sys.executable).parent), env["PATH"]])  # Copier is there
    env |= {"PATH": path, "TERM": "xterm-256color", "UV_NO_PROGRESS": "1", "API_HOST": "127.0.0.1"}
    recording = Recording()
    with TemporaryDirectory() as name, ExitStack() as started:
        folder = Path(name).resolve()
        snapshot(folder / "template")
        for step in STEPS:
            print(f"$ {step.command}", flush=True)
            try:
                perform(step, folder, env, recording, started)
            except RuntimeError as error:
                sys.exit(f"{error}")
    picture = recording.draw()
    private = [name, str(ROOT), str(Path.home()), socket.gethostname()]
    if found := [text for text in private if re.search(rf"{re.escape(text)}\b", picture)]:
        sys.exit(f"The picture would show {', '.join(found)}; nothing is written.")
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    PICTURE.write_text(picture, "utf-8")
    size = len(picture.encode()) / 1024
    print(f"\n{PICTURE.relative_to(ROOT)}: {recording.now:.0f} s, {size:.0f} KB")


def perform(
    step: Step, folder: Path, env: Mapping[str, str], recording: Recording, started: ExitStack
) -> None:
    """Run a step and record it."""
    if recording.lines:
        recording.show(Text())
    if step.comment:
        recording.show(Text(step.comment, "dim"))
    recording.type(step.command)
    command = step.command.replace(TEMPLATE, shlex.quote(str(folder / "template")))
    output = run(
        command, folder / step.folder, env, started, step.expect if step.keeps_running else None
    )
    texts = [(after, Text.from_ansi(line.replace(f"{folder}/", ""))) for after, line in output]
    plain = "\n".join(text.plain for _, text in texts)
    if not re.search(step.expect, plain):
        raise RuntimeError(f"{plain}\n{step.expect} is not in what the command printed.")
    shown = [(after, text) for after, text in texts if re.search(step.show, text.plain)]
    for after, text in shown:
        recording.show(text, after)
    recording.now += texts[-1][0]
    if hidden := sum(1 for _, text in texts if text.plain.strip()) - len(shown):
        recording.show(Text(f"… {hidden} more lines", "dim"))
    recording.now += PAUSE_SECONDS


def run(
    command: str, folder: Path, env: Mapping[str, str], started: ExitStack, until: str | None
) -> list[tuple[float, str]]:
    """Run a command in a terminal; return its lines, each with the second at which it was printed.

    With `until`, the command is left running once it has printed that and become silent.
    """
    screen, terminal = pty.openpty()
    termios.tcsetwinsize(terminal, (ROWS, COLUMNS))
    began, rest = time.monotonic(), b""
    lines: list[tuple[float, str]] = []
    process = subprocess.Popen(
        ["bash", "-c", command], cwd=folder, env=env, stdin=terminal, stdout=terminal,
        stderr=terminal, text=True, start_new_session=True,
    )  # fmt: skip
    os.close(terminal)
    started.callback(os.close, screen)
    started.callback(stop, process)
    while time.monotonic() < began + STEP_SECONDS:
        if not select.select([screen], [], [], 0.5)[0]:
            if until and re.search(until, "\n".join(line for _, line in lines)):
                break
            continue
        try:
            chunk = os.read(screen, 65536)
        except OSError:  # how Linux reports that the terminal is closed
            break
        *complete, rest = (rest + chunk).split(b"\n")
        after = time.monotonic() - began
        lines += [(after, line.decode().rstrip("\r")) for line in complete]
    return [*lines, (time.monotonic() - began, rest.decode())] if rest else lines


if __name__ == "__main__":
    main()
