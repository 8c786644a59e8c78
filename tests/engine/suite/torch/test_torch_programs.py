"""Programs that are files: what is run, and the ways in which loading them would run code."""

import io
import json
import logging
import re
import warnings
import zipfile
from contextlib import suppress

import pytest
import torch
from torch import nn
from torch.export import Dim, export, save
from torch.export.pt2_archive import PT2ArchiveReader, PT2ArchiveWriter

from src.core.errors import InvalidInputError
from tests.engine.suite.torch.test_torch_weights import Attack, refusal
from tests.engine.suite.torch.torch_models import RowModel, SumModel, loaded, write

WEIGHTS_CONFIG = "data/weights/model_weights_config.json"
CONSTANTS_CONFIG = "data/constants/model_constants_config.json"
KEPT = (".data/", "byteorder", "archive_")  # what the writer writes by itself


class Triple(nn.Module):
    def __init__(self):
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(3.0))
        self.register_buffer("zero", torch.zeros(2))

    def forward(self, rows):
        return rows * self.factor + self.zero


@pytest.fixture(scope="session")
def program(tmp_path_factory):
    """An exported program, whose first dimension is dynamic."""
    path = tmp_path_factory.mktemp("program") / "triple.pt2"
    save(export(Triple().eval(), (torch.ones(2, 2),), dynamic_shapes=({0: Dim("n")},)), path)
    return path


def rewritten(source, target, new):
    """Write a program with new members; a function gets what was there."""
    with PT2ArchiveReader(str(source)) as reader, PT2ArchiveWriter(str(target)) as writer:
        members = {n: reader.read_bytes(n) for n in reader.get_file_names()}
        for name, change in new.items():
            members[name] = change(members[name]) if callable(change) else change
        for name, content in members.items():
            if not name.startswith(KEPT):
                writer.write_bytes(name, content)
    return target


def pickled(path):
    buffer = io.BytesIO()
    torch.save((Attack(path), {}), buffer)
    return buffer.getvalue()


def assert_runs(path, made):
    """Assert that a file is an attack, without the check; else its test proves nothing."""
    logging.disable()  # of PyTorch, some of whose lines cannot be formatted
    with suppress(Exception):
        torch.export.load(path).module()(torch.ones(2, 2))
    logging.disable(logging.NOTSET)
    assert made.exists()


def test_program_predicts_for_any_number_of_rows(program):
    model = loaded(program, RowModel)
    assert model.predict([1, 2]) == [3, 6]
    for rows in (1, 2, 7, 64):
        assert model.run(torch.ones(rows, 2)).tolist() == [[3, 3]] * rows


def test_input_of_another_shape_is_the_clients_error(program):
    with pytest.raises(InvalidInputError, match=r"rows\.size\(\)\[1\] == 2"):
        loaded(program, RowModel).predict([1, 2, 3])


def test_assertion_of_a_network_is_not(tmp_path):
    model = loaded(write(tmp_path / "a.pt"), SumModel)

    def fail(*_):
        raise AssertionError

    model.network.forward = fail
    with pytest.raises(AssertionError):
        model.predict([1])


def test_sample_inputs_that_are_a_pickle_are_refused(program, tmp_path):
    """The first known way: `torch.export.load` falls back to unpickling."""
    attack = tmp_path / "attack.pt2"
    rewritten(program, attack, new={"data/sample_inputs/model.pt": pickled(tmp_path / "ran")})
    assert "data/sample_inputs/model.pt: has pickled objects" in refusal(attack, RowModel)
    assert not (tmp_path / "ran").exists()
    assert_runs(attack, tmp_path / "ran")


def test_weights_that_are_a_pickle_are_refused(program, tmp_path):
    """The second known way: the file itself says which of its weights are pickles."""

    def point(content):
        config = json.loads(content)
        entry = next(iter(config["config"].values()))
        entry |= {"use_pickle": True, "path_name": "weight_9"}
        return json.dumps(config).encode()

    attack = tmp_path / "attack.pt2"
    new = {WEIGHTS_CONFIG: point, "data/weights/weight_9": pickled(tmp_path / "ran")}
    rewritten(program, attack, new=new)
    assert f"{WEIGHTS_CONFIG}: has pickled objects (weight_9)" in refusal(attack, RowModel)
    assert not (tmp_path / "ran").exists()
    assert_runs(attack, tmp_path / "ran")


def test_sizes_that_are_code_are_refused(program, tmp_path):
    """Sizes are texts, which sympy evaluates."""
    ran = tmp_path / "ran"
    code = f"__import__('os').mkdir('{ran}')"
    attack = tmp_path / "attack.pt2"

    def change(content):
        pattern = rb'("expr_str": ")Symbol[^"]*'
        assert re.search(pattern, content)
        return re.sub(pattern, rb"\1" + code.encode(), content, count=1)

    rewritten(program, attack, new={"models/model.json": change})
    assert "models/model.json: evaluates " in refusal(attack, RowModel)
    assert not ran.exists()
    assert_runs(attack, ran)


def test_guards_that_are_code_are_refused(program, tmp_path):
    """So are the checks of inputs, which are compiled."""
    code = f"__import__('os').mkdir('{tmp_path / 'ran'}') is None"

    def change(content):
        whole = json.loads(content)
        whole["guards_code"] = [code]
        return json.dumps(whole).encode()

    attack = rewritten(program, tmp_path / "attack.pt2", new={"models/model.json": change})
    assert "models/model.json: evaluates " in refusal(attack, RowModel)
    assert not (tmp_path / "ran").exists()
    assert_runs(attack, tmp_path / "ran")


@pytest.mark.parametrize(
    "name",
    [
        *("data/constants/custom_obj_0", "data/constants/opaque_obj_0"),
        *("data/aotinductor/model/model.so", "executorch/model", "data/weights/../x"),
    ],
)
def test_members_that_are_code_are_refused(program, tmp_path, name):
    attack = rewritten(program, tmp_path / "attack.pt2", new={name: b"\x80\x04N."})
    line = refusal(attack, RowModel)
    assert f"has {name}: it could run code when it is loaded; export it again" in line


def test_constants_that_are_objects_are_refused(program, tmp_path):
    def add(content):
        config = json.loads(content)
        config["config"]["x"] = {"path_name": "opaque_obj_0", "is_param": False} | {
            "use_pickle": False,
            "tensor_meta": None,
        }
        return json.dumps(config).encode()

    attack = rewritten(program, tmp_path / "attack.pt2", new={CONSTANTS_CONFIG: add})
    assert f"{CONSTANTS_CONFIG}: has pickled objects (opaque_obj_0)" in refusal(attack, RowModel)


def test_older_format_is_refused(program, tmp_path):
    attack = tmp_path / "attack.pt2"
    attack.write_bytes(program.read_bytes())
    with zipfile.ZipFile(attack, "a") as archive:
        archive.writestr("version", "8.1")
    assert "has version" in refusal(attack, RowModel)


class Convolution(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Conv2d(3, 4, 3, stride=2)

    def forward(self, pictures):
        flat = self.layer(pictures).flatten(2)
        return torch.cat([flat.mean(2), flat.amax(2)], 1)


class Mixed(nn.Module):
    def forward(self, x, options):
        half = x[:, : x.shape[1] // 2].reshape(-1)
        return half.sum() + options["y"][0].sum(), x.shape[0] * 2


@pytest.mark.parametrize(
    ("network", "inputs", "shapes"),
    [
        (
            Convolution(),
            (torch.ones(2, 3, 32, 48),),
            ({0: Dim("n"), 2: Dim("h", min=8), 3: Dim("w", min=8)},),
        ),
        (
            Mixed(),
            (torch.ones(2, 8), {"y": [torch.ones(3, 4)]}),
            ({0: Dim("n"), 1: 2 * Dim("half")}, {"y": [{0: Dim.AUTO}]}),
        ),
        (nn.LSTM(4, 8, batch_first=True), (torch.ones(2, 5, 4),), ({0: Dim("n")},)),
        (nn.TransformerEncoderLayer(8, 2, batch_first=True), (torch.ones(2, 5, 8),), None),
    ],
)
def test_programs_with_dynamic_sizes_are_not_taken_for_attacks(tmp_path, network, inputs, shapes):
    path = tmp_path / "program.pt2"
    save(export(network.eval(), inputs, dynamic_shapes=shapes), path)
    loaded(path, RowModel)


def test_torchscript_is_run(tmp_path):
    path = tmp_path / "triple.torchscript"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.jit.script(Triple().eval()).save(str(path))
        path.with_suffix(".pt").write_bytes(path.read_bytes())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert loaded(path, RowModel).predict([1, 2]) == [3, 6]
        line = refusal(path.with_suffix(".pt"), RowModel)
    assert "is TorchScript: name it .torchscript" in line
