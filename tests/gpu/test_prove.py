"""The proofs for machines with GPUs run; without one, the refusal alone is proved."""

import subprocess
import sys

from tools.managers import ROOT


def test_what_can_be_proved_here_is(backend_commands):
    command = [sys.executable, "-m", "tests.gpu.prove", "--python", backend_commands / "python"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    gpus, *proofs = done.stdout.splitlines()
    assert len(proofs) == 4
    assert proofs[0].startswith("proved: missing gpu ends the start: model.options.device: cuda ")
    assert gpus != "GPUs: 0" or all(line.startswith("skipped, no GPU: ") for line in proofs[1:])
