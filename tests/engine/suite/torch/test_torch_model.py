"""Models of PyTorch: predictions, batches, devices, threads, memory."""

import gc
import importlib
import os
import subprocess
import sys
import threading
import weakref
from types import SimpleNamespace

import pytest
import torch

from src.config.base import Section
from src.core.errors import ConfigError
from src.models import torch_device
from src.models.torch_backend import pad
from src.models.torch_device import choose_device
from src.utils.cpus import CpuShare
from tests.conftest import until
from tests.engine.suite.torch.test_torch_weights import refusal
from tests.engine.suite.torch.torch_models import SumModel, loaded, write

ROWS = [[1.0], [1.0, 2.5, -4.0], [], [0.5] * 17]


@pytest.fixture
def artifact(tmp_path):
    return write(tmp_path / "sums.safetensors")


@pytest.fixture
def gpus(monkeypatch):
    """Return a function that makes a machine with GPUs of this one, as far as the choice sees."""

    def there(count, mps=False):
        monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)

    return there


def test_batch_predicts_as_single_calls_do(artifact):
    model = loaded(artifact)
    assert model.predict_batch(ROWS) == pytest.approx([model.predict(row) for row in ROWS])
    assert model.predict_batch(ROWS) == pytest.approx([3 * sum(row) for row in ROWS])


def test_rows_are_padded_and_the_mask_says_where():
    tensor, mask = pad([[1, 2], [], [3]], torch.long, fill=9)
    assert tensor.tolist() == [[1, 2], [9, 9], [3, 9]]
    assert mask.tolist() == [[True, True], [False, False], [True, False]]
    pictures, mask = pad([torch.ones(2, 3), torch.ones(1, 3)], torch.float32)
    assert (pictures.shape, mask.sum().item()) == ((2, 2, 3), 3)


def test_no_gradients_are_kept(artifact):
    seen = []
    model = loaded(artifact)
    model.network.register_forward_hook(lambda *_: seen.append(torch.is_inference_mode_enabled()))
    output = model.run([[1.0]], [[True]])
    assert seen == [True]
    assert not output["sum"].requires_grad


def test_network_is_served(artifact, client_of):
    model = SumModel()
    model.artifact = artifact
    client = client_of(model)
    until(lambda: client.get("/ready").status_code == 200)
    assert client.post("/predict", json={"input": [2]}).json() == {"prediction": 6}
    many = client.post("/predict/batch", json={"inputs": [[1, 2], []]}).json()
    assert many == {"predictions": [9, 0]}


@pytest.mark.parametrize(
    ("wanted", "there", "device"),
    [
        ("auto", (0,), "cpu"),
        ("auto", (2,), "cuda:0"),
        ("auto", (0, True), "mps"),
        ("cuda", (1,), "cuda:0"),
        ("cuda:1", (2,), "cuda:1"),
        ("mps", (0, True), "mps"),
        ("cpu", (2,), "cpu"),
    ],
)
def test_device_is_the_one_that_is_named(gpus, wanted, there, device):
    gpus(*there)
    assert str(choose_device(wanted)) == device


@pytest.mark.parametrize(
    ("wanted", "there", "said"),
    [
        ("cuda", (0,), "cuda is not available here: there is cpu"),
        ("cuda:3", (2,), "cuda:3 is not available here: there is cpu, cuda:1, cuda:0"),
        ("mps", (1,), "mps is not available here: there is cpu, cuda:0"),
        ("cuda", (0, True), "cuda is not available here: there is cpu, mps"),
    ],
)
def test_device_that_is_missing_ends_the_start(artifact, gpus, wanted, there, said):
    gpus(*there)
    line = refusal(artifact, device=wanted)
    assert line.startswith(f"model.options.device: {said}")
    if "+cpu" in torch.__version__ and "cuda" in wanted:
        assert line.endswith(f"because torch {torch.__version__} is built without CUDA")


@pytest.mark.parametrize("device", ["gpu", "cuda:", "cuda:a", "cuda:-1", "CUDA", "", "cpu:0", "٣"])
def test_name_of_no_device_names_its_place(artifact, device):
    with pytest.raises(ConfigError, match=r"model\.options\.device.*must be auto, cpu, mps, cuda"):
        loaded(artifact, device=device)


@pytest.mark.parametrize(("number", "device"), [("0", 0), ("1", 1), ("2", 0), ("5", 1)])
def test_workers_take_turns_with_the_gpus(gpus, monkeypatch, number, device):
    gpus(2)
    monkeypatch.setenv(torch_device.WORKER, number)
    assert [choose_device(name).index for name in ("auto", "cuda")] == [device, device]
    assert choose_device("cuda:0").index == 0, "named is named"


def test_number_is_the_one_that_the_supervisor_sets():
    try:
        worker = importlib.import_module("src.serving.process.worker")
    except ModuleNotFoundError:  # the feature hardening
        return
    assert worker.NUMBER == torch_device.WORKER


@pytest.fixture
def threads_of(monkeypatch):
    """Return a function that predicts in a new thread and returns the threads of PyTorch there."""
    for name in torch_device.VARIABLES:
        monkeypatch.delenv(name, raising=False)

    def threads_of(model):
        def call():
            model.predict([1])
            seen.append(torch.get_num_threads())

        seen: list[int] = []
        thread = threading.Thread(target=call)
        thread.start()
        thread.join()
        return seen[0]

    return threads_of


def test_threads_are_the_share_of_a_call_unless_they_are_set(artifact, threads_of, monkeypatch):
    monkeypatch.setattr(SumModel, "cpus", CpuShare(8, 3))
    assert threads_of(loaded(artifact)) == 3
    assert threads_of(loaded(artifact, threads=2)) == 2
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    set_threads: list[int] = []
    monkeypatch.setattr(torch, "set_num_threads", set_threads.append)
    threads_of(loaded(artifact))
    assert set_threads == [], "the variable holds"
    threads_of(loaded(artifact, threads=4))
    assert {*set_threads} == {4}


def test_unload_releases_the_network(artifact, monkeypatch):
    model = loaded(artifact)
    weights = weakref.ref(model.network)
    emptied = []
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: emptied.append(True))
    model.unload()
    gc.collect()
    assert weights() is None
    assert not emptied
    model.device = SimpleNamespace(type="cuda")
    model.unload()
    assert emptied
    SumModel().unload()


MEMORY = """
import ctypes, gc, sys
from pathlib import Path
import torch
from safetensors.torch import save_file
from src.models.torch_backend import TorchModel

class LargeModel(TorchModel):
    model_name, version = "large", "1"

    def build(self):
        return torch.nn.Linear(5_000, 5_000)

    def predict(self, input_data: float) -> float:
        return float(self.run(torch.full((1, 5_000), input_data))[0, 0])

def resident():
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    text = Path("/proc/self/status").read_text()
    return int(text.split("VmRSS:")[1].split()[0]) / 1000

path = Path(sys.argv[1]) / "large.safetensors"
save_file(torch.nn.Linear(5_000, 5_000).state_dict(), path)
seen = []
for _ in range(6):
    model = LargeModel()
    model.artifact = path
    model.load()
    model.predict(1.0)
    loaded = resident()
    model.unload()
    seen.append((loaded, resident()))
print(*(value for pair in seen[1:] for value in pair))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc, and trims as glibc does")
def test_memory_is_the_same_after_each_reload(tmp_path):
    """100 MB of weights; in a process of its own, because others allocate, too."""
    command = [sys.executable, "-c", MEMORY, str(tmp_path)]
    folder = str(torch_device.__file__).partition("/models/")[0]
    env = {**os.environ, "PYTHONPATH": f"{folder}/..:{folder}"}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    values = [float(value) for value in done.stdout.split()]
    with_model, without = values[::2], values[1::2]
    assert min(with_model) - max(without) > 80, values
    assert max(without) - min(without) < 15, values


def test_options_that_are_not_those_of_the_backend_are_named():
    with pytest.raises(ConfigError, match=r"OwnModel: its class Options must extend TorchModel\.O"):

        class OwnModel(SumModel):
            class Options(Section):
                limit: int = 3


def test_options_of_a_class_extend_those_of_the_backend(artifact):
    class OwnModel(SumModel):
        class Options(SumModel.Options):
            limit: int = 3

    model = loaded(artifact, OwnModel, limit=4, device="cpu", threads=1)
    assert (model.options.limit, str(model.device)) == (4, "cpu")
