"""Weights from files: which are loaded, and which end the start with one line."""

import pickle
from pathlib import Path

import pytest
import torch
from torch import nn

from src.config.artifact import ArtifactSettings
from src.core.artifacts import provide
from src.core.artifacts.card import Card, check_framework
from src.core.errors import ConfigError
from src.models.torch_backend import TorchModel
from tests.engine.suite.torch.torch_models import WEIGHTS, Net, SumModel, loaded, write

PREFIXED = {f"model.{name}": value for name, value in WEIGHTS.items()}


class Attack:
    """Make a folder when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.mkdir, (self.path,)


def refusal(path, kind=SumModel, **options):
    with pytest.raises(ConfigError) as failure:
        loaded(path, kind, **options)
    (line,) = str(failure.value).splitlines()
    return line


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("sums.safetensors", None),
        ("sums.pt", None),
        ("sums.pth", {"model_state_dict": WEIGHTS, "epoch": 3}),
        ("sums.PT", None),
        ("sums.pt", PREFIXED),
        ("sums.ckpt", {"state_dict": {**PREFIXED, "loss.weight": torch.ones(2)}}),
    ],
)
def test_weights_are_loaded(tmp_path, name, content):
    model = loaded(write(tmp_path / name, content))
    assert model.predict([1, 2.5]) == pytest.approx(10.5)
    assert not model.network.training


def test_what_is_beside_the_weights_is_there_for_build(tmp_path):
    class OwnModel(SumModel):
        def build(self):
            self.seen = dict(self.metadata)
            return super().build()

    content = {"state_dict": WEIGHTS, "hyper_parameters": {"words": ["a"], "rate": 0.1}}
    assert loaded(write(tmp_path / "a.ckpt", content), OwnModel).seen == {
        "words": ["a"],
        "rate": 0.1,
    }
    assert loaded(write(tmp_path / "a.safetensors"), OwnModel).seen == {"unit": "EUR"}
    assert loaded(write(tmp_path / "a.pt"), OwnModel).seen == {}


def test_prefix_is_that_of_the_class(tmp_path):
    path = write(tmp_path / "a.ckpt", {"state_dict": {"net.layer.weight": WEIGHTS["layer.weight"]}})
    own = type("OwnModel", (SumModel,), {"prefix": "net."})
    assert loaded(path, own).predict([1]) == 3
    assert "missing: layer.weight; unexpected: net.layer.weight" in refusal(path)


def test_network_that_has_the_prefix_itself_keeps_it(tmp_path):
    class Outer(nn.Module):
        def __init__(self):
            super().__init__()
            self.model = Net()

        def forward(self, *inputs):
            return self.model(*inputs)

    own = type("OwnModel", (SumModel,), {"build": lambda _: Outer()})
    assert loaded(write(tmp_path / "a.ckpt", {"state_dict": PREFIXED}), own).predict([1]) == 3


def test_tied_weights_are_in_the_file_once(tmp_path):
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.two = nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False)
            self.two.weight = self.one.weight

    own = type("OwnModel", (SumModel,), {"build": lambda _: Tied()})
    network = loaded(write(tmp_path / "a.safetensors", {"one.weight": torch.ones(1, 1)}), own)
    assert network.network.two.weight.item() == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({}, "is not a state dict"),
        ({"layer.bias": torch.ones(1)}, "missing: layer.weight; unexpected: layer.bias"),
        ({"layer.weight": torch.ones(2, 1)}, "another shape: layer.weight [2, 1], not [1, 1]"),
        ({**WEIGHTS, **{f"x{n}": torch.ones(1) for n in range(9)}}, "x0, x1, x2 and 6 more"),
        ({"epoch": 3}, "is not a state dict, and has none named state_dict or model_state_dict"),
        ([1], "is not a state dict"),
    ],
)
def test_weights_of_another_network_are_one_line(tmp_path, content, said):
    line = refusal(write(tmp_path / "a.pt", content))
    assert line.startswith(f"{tmp_path / 'a.pt'} ")
    assert said in line


@pytest.mark.parametrize("suffix", [".safetensors", ".pt", ".ckpt", ".pt2", ".torchscript"])
@pytest.mark.parametrize("content", [b"", b"This is text.", b"PK\x03\x04" + b"x" * 40])
def test_file_of_another_kind_is_one_line(tmp_path, suffix, content, capfd):
    path = tmp_path / f"wrong{suffix}"
    path.write_bytes(content)
    assert refusal(path).startswith(f"{path} cannot be loaded: ")
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("suffix", [".safetensors", ".pt"])
def test_truncated_file_is_one_line(tmp_path, suffix):
    path = write(tmp_path / f"a{suffix}")
    path.write_bytes(path.read_bytes()[:-20])
    assert "cannot be loaded: " in refusal(path)


@pytest.mark.parametrize("name", ["a.pt", "a.pth", "a.ckpt"])
def test_pickle_inside_is_named_and_does_not_run(tmp_path, name):
    content = {"state_dict": WEIGHTS, "hyper_parameters": {"loss": Attack(tmp_path / "ran")}}
    line = refusal(write(tmp_path / name, content))
    assert "has pickled objects, which could run code: builtins.getattr, pathlib." in line
    assert "hyper_parameters" in line
    assert not (tmp_path / "ran").exists()


def test_whole_network_and_bare_pickle_are_refused(tmp_path):
    assert "torch_models.Net" in refusal(write(tmp_path / "a.pt", Net()))
    (tmp_path / "b.pt").write_bytes(pickle.dumps(Attack(tmp_path / "ran")))
    assert "not a checkpoint that `torch.save` has written" in refusal(tmp_path / "b.pt")
    assert not (tmp_path / "ran").exists()


def test_checkpoint_needs_no_consent_and_a_program_does(tmp_path):
    """Because the backend reads no more than data of the first."""

    def get(name, **settings):
        path = write(tmp_path / name)
        given = ArtifactSettings(uri=f"file:{path}", **settings)
        suffixes = TorchModel.artifact_suffixes
        return provide(given, suffixes, data_suffixes=TorchModel.data_suffixes)

    for name in ("a.pt", "a.pth", "a.CKPT", "a.safetensors"):
        assert get(name).path.name == name
    for name in ("a.pt2", "a.torchscript"):
        with pytest.raises(ConfigError, match=r"model\.artifact\.allow_pickle"):
            get(name)
    with pytest.raises(ConfigError, match=r"model\.artifact\.allow_pickle"):
        provide(ArtifactSettings(uri=f"file:{tmp_path / 'a.pt'}"))  # as of any other model


def test_folder_and_missing_artifact_are_one_line(tmp_path):
    assert "must be a file" in refusal(tmp_path)
    with pytest.raises(ConfigError, match=r"set model\.artifact\.uri, such as a \.safetensors"):
        SumModel().load()


def test_model_without_network_says_what_it_lacks(tmp_path):
    own = type("OwnModel", (SumModel,), {"build": TorchModel.build})
    assert refusal(write(tmp_path / "a.pt"), own) == (
        "OwnModel needs `build`, which returns its network"
    )


@pytest.mark.parametrize("made_with", ["2.12.1", "3.13.0", "1.13"])
def test_other_version_of_torch_ends_the_start(made_with):
    card = Card(version="1", made_with={"torch": made_with})
    with pytest.raises(ConfigError, match=rf"made_with: torch {made_with}, but 2\.\d+\.\S+ is ins"):
        check_framework(card, SumModel.framework)


def test_same_minor_version_of_torch_is_accepted():
    minor = ".".join(torch.__version__.split(".")[:2])
    for made_with in (f"{minor}.99", f"{minor}.0+cu130"):
        check_framework(Card(version="1", made_with={"torch": made_with}), "torch")
    check_framework(Card(version="1", made_with={"numpy": "1.0"}), "torch")
    check_framework(Card(version="1", made_with={"torch": "1.0"}), "")
