"""Prove on a machine with GPUs what the tests cannot: `python -m tests.gpu.prove --help`.

Without a GPU only the refusal is proved; the rest is skipped.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from copier import run_copy

from tools.service import running
from tools.template import snapshot

RELOADS = 20
MEMORY = """
import torch
from safetensors.torch import save_file
from src.models.torch_backend import TorchModel

class LargeModel(TorchModel):
    model_name, version = "large", "1"

    def build(self):
        return torch.nn.Linear(10_000, 10_000)

    def predict(self, input_data: float) -> float:
        return float(self.run(torch.full((64, 10_000), input_data))[0, 0])

save_file(torch.nn.Linear(10_000, 10_000).state_dict(), "artifacts/large.safetensors")
for _ in range(%d):
    model = LargeModel()
    model.artifact = __import__("pathlib").Path("artifacts/large.safetensors")
    model.load()
    model.predict(1.0)
    used = torch.cuda.memory_allocated(model.device)
    model.unload()
    print(used, torch.cuda.mem_get_info(model.device)[0])
"""


class NoGpuError(Exception):
    """There is no GPU."""


class Machine:
    """A rendered service on this machine.

    Args:
        python: The interpreter of an environment that has the dependencies of the service.
        folder: For the service and its logs.
    """

    def __init__(self, python: str, folder: Path) -> None:
        self.python, self.log, self.project = python, folder / "log", folder / "service"
        answers = {"model_backend": "torch", "torch_build": "cuda"}
        template = str(snapshot(folder / "template"))
        run_copy(template, self.project, answers, defaults=True, quiet=True)
        self.run("scripts/make_example_model.py")
        self.gpus = int(self.run("-c", "import torch; print(torch.cuda.device_count())"))

    def run(self, *arguments: str) -> str:
        """Run Python in the service's folder, and return what it prints."""
        command = [self.python, *arguments]
        done = subprocess.run(command, cwd=self.project, capture_output=True, text=True, check=True)
        return done.stdout

    def devices(self, **variables: str) -> list[str]:
        """Return the devices of a service that has predicted, one for each worker."""
        if not self.gpus:
            raise NoGpuError
        env, workers = {**os.environ, **variables}, int(variables.get("HARDENING__WORKERS", "1"))
        with running([self.python, "src/main.py"], cwd=self.project, env=env, log=self.log) as it:
            found: list[str] = []
            while len(found) < workers:
                status, answer, _ = it.request("/predict", {"input": "This is good"})
                assert (status, answer["prediction"]["label"]) == (200, "positive")
                found = re.findall(r"is on the device (\S+)", self.log.read_text("utf-8"))
        return found


def missing_gpu_ends_the_start(machine: Machine) -> str:
    """Start for a GPU with all of them hidden."""
    env = {**os.environ, "CUDA_VISIBLE_DEVICES": "", "MODEL__OPTIONS__DEVICE": "cuda"}
    env |= {"API_HOST": "127.0.0.1", "API_PORT": "0"}
    command = [machine.python, "src/main.py"]
    done = subprocess.run(
        command, cwd=machine.project, env=env, capture_output=True, text=True, timeout=180
    )
    last = done.stdout.splitlines()[-1]
    assert done.returncode == 78, done
    assert "model.options.device: cuda is not available here: there is " in last, last
    assert "Traceback" not in done.stdout + done.stderr
    return last.partition("loaded: ")[2]


def device_is_used(machine: Machine) -> str:
    """Start for the device that is there, and for one by its name."""
    last = f"cuda:{machine.gpus - 1}"
    assert machine.devices(MODEL__OPTIONS__DEVICE="auto") == ["cuda:0"]
    assert machine.devices(MODEL__OPTIONS__DEVICE=last) == [last]
    return f"cuda:0, {last}"


def workers_spread(machine: Machine) -> str:
    """Start two workers for each GPU."""
    found = machine.devices(HARDENING__WORKERS=f"{2 * machine.gpus}")
    assert Counter(found) == {f"cuda:{index}": 2 for index in range(machine.gpus)}
    return ", ".join(sorted(found))


def memory_returns(machine: Machine) -> str:
    """Load and unload 400 MB again and again."""
    if not machine.gpus:
        raise NoGpuError
    lines = [line.split() for line in machine.run("-c", MEMORY % RELOADS).splitlines()]
    used, free = [[int(line[column]) for line in lines] for column in (0, 1)]
    assert min(used) > 400_000_000, used
    assert abs(free[-1] - free[0]) < 0.05 * used[0], free
    return f"free after reload 1: {free[0] >> 20} MiB, after {RELOADS}: {free[-1] >> 20} MiB"


PROOFS: tuple[Callable[[Machine], str], ...] = (
    missing_gpu_ends_the_start,
    device_is_used,
    workers_spread,
    memory_returns,
)


def main() -> None:
    """Run all proofs, and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    text = "of an environment with PyTorch and the dependencies of the service"
    parser.add_argument("--python", default=sys.executable, help=text)
    with tempfile.TemporaryDirectory() as folder:
        machine = Machine(str(Path(parser.parse_args().python).absolute()), Path(folder))
        print(f"GPUs: {machine.gpus}")
        for proof in PROOFS:
            name = proof.__name__.replace("_", " ")
            try:
                print(f"proved: {name}: {proof(machine)}")
            except NoGpuError:
                print(f"skipped, no GPU: {name}")


if __name__ == "__main__":
    main()
