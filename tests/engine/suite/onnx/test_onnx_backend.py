"""Graphs of ONNX Runtime: what is opened, with which settings, and what is not."""

from typing import ClassVar

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from src.config.base import Section
from src.config.settings import Settings
from src.core.config import read_options
from src.core.errors import ConfigError
from src.models.onnx_backend import OnnxModel
from src.utils.cpus import CpuShare, available_cpus
from tests.conftest import until

CPU, CUDA, TENSORRT = (f"{name}ExecutionProvider" for name in ("CPU", "CUDA", "Tensorrt"))


class TripleModel(OnnxModel):
    """Return the triple of numbers."""

    model_name: ClassVar[str] = "triple"
    version: ClassVar[str] = "1.0.0"
    example: ClassVar[list[float]] = [1, 2]

    def predict(self, input_data: list[float]) -> list[float]:
        [result] = self.run(np.asarray(input_data, np.float32))
        return [float(value) for value in result]


def graph(ir_version=10, opset=21, weights=None):
    three = weights or numpy_helper.from_array(np.array(3, np.float32), "three")
    info = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n"]) for name in "xy"]
    nodes = [helper.make_node("Mul", ["x", "three"], ["y"])]
    whole = helper.make_graph(nodes, "triple", info[:1], info[1:], [three])
    imports = [helper.make_opsetid("", opset)]
    model = helper.make_model(whole, opset_imports=imports, ir_version=ir_version)
    model.metadata_props.add(key="labels", value="a b")
    return model


def loaded(path, **options):
    model = TripleModel()
    model.artifact = path
    model.options = read_options(
        Settings.model_validate({"model": {"options": options}}), TripleModel.Options
    )
    model.load()
    return model


def refusal(path, **options):
    with pytest.raises(ConfigError) as failure:
        loaded(path, **options)
    (line,) = str(failure.value).splitlines()
    return line


@pytest.fixture
def artifact(tmp_path):
    path = tmp_path / "triple.onnx"
    onnx.save(graph(), path)
    return path


def test_file_with_weights_beside_it_is_rejected(tmp_path):
    """Its checksum would be that of the graph alone."""
    path = tmp_path / "triple.onnx"
    onnx.save(graph(), path, save_as_external_data=True, size_threshold=0, location="triple.data")
    assert "name their folder" in refusal(path)
    assert loaded(tmp_path).predict([1]) == [3]


@pytest.fixture
def sessions(monkeypatch):
    """Arguments of the sessions that are made."""
    made = []
    session = onnxruntime.InferenceSession

    def record(*arguments, **options):
        made.append((arguments, options))
        return session(*arguments, **options)

    monkeypatch.setattr(onnxruntime, "InferenceSession", record)
    return made


def test_graph_is_run_and_its_texts_are_there(artifact):
    model = loaded(artifact)
    assert model.predict([1, 2.5]) == [3, 7.5]
    assert model.metadata == {"labels": "a b"}


def test_graph_is_served(artifact, client_of):
    model = TripleModel()
    model.artifact = artifact
    model.options = TripleModel.Options(threads=1)
    client = client_of(model)
    until(lambda: client.get("/ready").status_code == 200)
    assert client.post("/predict", json={"input": [2]}).json() == {"prediction": [6]}
    assert model.session.get_session_options().intra_op_num_threads == 1


def test_threads_are_the_processors_unless_they_are_set(artifact, monkeypatch):
    monkeypatch.setattr(TripleModel, "cpus", CpuShare(3, 1))
    options = loaded(artifact).session.get_session_options()
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (3, 1)
    options = loaded(artifact, threads=2).session.get_session_options()
    assert options.intra_op_num_threads == 2


def test_options_that_are_not_those_of_the_backend_are_named_before_anything_is_fetched():
    with pytest.raises(ConfigError, match=r"OwnModel: its class Options must extend OnnxModel\.O"):

        class OwnModel(TripleModel):
            class Options(Section):
                limit: int = 3


def test_session_gets_path_providers_and_their_options(artifact, sessions):
    loaded(artifact, providers=[CPU], provider_options={CPU: {"arena_extend_strategy": "x"}})
    [((path, options), named)] = sessions
    assert path == str(artifact), "weights beside the graph are looked for beside it"
    assert options.log_severity_level == 3
    assert named["providers"] == [CPU]
    assert named["provider_options"] == [{"arena_extend_strategy": "x"}]


@pytest.mark.parametrize("providers", [[CUDA], [TENSORRT, CUDA, CPU], "CUDAExecutionProvider"])
def test_provider_that_is_not_installed_ends_the_start(artifact, sessions, providers):
    line = refusal(artifact, providers=providers)
    missing = f"{TENSORRT}, {CUDA}" if len(providers) == 3 else CUDA
    assert line.startswith(f"model.options.providers: {missing}: not available here, only ")
    assert not sessions, "it does not run on the CPU instead"


def test_provider_that_does_not_start_ends_the_start(artifact, monkeypatch):
    """As CUDA without a driver: it is installed, and the session has the CPU only."""
    there = [CUDA, CPU]
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: there)
    session = onnxruntime.InferenceSession
    monkeypatch.setattr(
        onnxruntime, "InferenceSession", lambda path, options, **_: session(path, options)
    )
    assert CUDA in refusal(artifact, providers=[CUDA, CPU])


@pytest.mark.parametrize(
    ("option", "value"), [("threads", -1), ("threads", 1000), ("providers", []), ("thread", 1)]
)
def test_wrong_option_names_its_place(artifact, option, value):
    with pytest.raises(ConfigError, match=rf"model\.options\.{option}"):
        loaded(artifact, **{option: value})


@pytest.mark.parametrize(
    ("ir_version", "opset", "reason"),
    [
        (99, 21, "Unsupported model IR version: 99, max supported IR version"),
        (10, 99, "is till opset"),
    ],
)
def test_graph_that_is_too_new_is_one_line_with_both_versions(tmp_path, ir_version, opset, reason):
    path = tmp_path / "new.onnx"
    path.write_bytes(graph(ir_version, opset).SerializeToString())
    line = refusal(path)
    assert f"cannot be loaded by ONNX Runtime {onnxruntime.__version__}: " in line
    assert reason in line


@pytest.mark.parametrize("content", [b"", b"hello " * 20, b"\x08\x0a" * 50])
def test_file_of_another_kind_is_one_line(tmp_path, content, capfd):
    path = tmp_path / "wrong.onnx"
    path.write_bytes(content)
    assert refusal(path).startswith(f"{path} cannot be loaded by ONNX Runtime")
    assert capfd.readouterr().err == ""


def test_truncated_graph_is_one_line(artifact):
    artifact.write_bytes(artifact.read_bytes()[:-20])
    assert "cannot be loaded by ONNX Runtime" in refusal(artifact)


def test_folder_has_one_graph_and_its_weights(tmp_path):
    folder = tmp_path / "triple"
    folder.mkdir()
    weights = numpy_helper.from_array(np.full(1, 3, np.float32), "three")
    model = graph(weights=weights)
    onnx.save(model, folder / "triple.onnx", save_as_external_data=True, size_threshold=0)
    assert len([*folder.iterdir()]) == 2
    assert loaded(folder).predict([2]) == [6]
    (folder / "other.onnx").write_bytes(b"")
    assert refusal(folder).endswith("must have one file .onnx; it has: other.onnx, triple.onnx")


def test_weights_outside_of_the_folder_are_not_read(tmp_path):
    weights = numpy_helper.from_array(np.full(1, 3, np.float32), "three")
    (tmp_path / "secret").write_bytes(bytes(4))
    weights.ClearField("raw_data")
    weights.data_location = TensorProto.EXTERNAL
    for key, value in {"location": "../secret", "offset": "0", "length": "4"}.items():
        weights.external_data.add(key=key, value=value)
    path = tmp_path / "model" / "triple.onnx"
    path.parent.mkdir()
    path.write_bytes(graph(weights=weights).SerializeToString())
    assert "cannot be loaded" in refusal(path.parent)


def test_model_without_artifact_names_the_setting():
    with pytest.raises(ConfigError, match=r"TripleModel has no artifact: set model\.artifact\.uri"):
        TripleModel().load()


@pytest.mark.parametrize(
    ("files", "cpus"),
    [
        ({"cpu.max": "200000 100000\n"}, 2),
        ({"cpu.max": "250000 100000\n"}, 2),
        ({"cpu.max": "50000 100000\n"}, 1),
        ({"cpu.max": "max 100000\n"}, 8),
        ({"cpu.max": "3200000 100000\n"}, 8),
        ({"cpu.max": "nonsense"}, 8),
        ({"cpu/cpu.cfs_quota_us": "300000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 3),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, 8),
        ({}, 8),
    ],
)
def test_processors_are_those_of_the_control_group(tmp_path, monkeypatch, files, cpus):
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {*range(8)}, raising=False)
    monkeypatch.setattr("os.cpu_count", lambda: 8)
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert available_cpus(tmp_path) == cpus


def test_processors_are_never_more_than_the_affinity(tmp_path, monkeypatch):
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {3}, raising=False)
    monkeypatch.setattr("os.cpu_count", lambda: 8)
    (tmp_path / "cpu.max").write_text("400000 100000")
    assert available_cpus(tmp_path) == 1


def test_processors_of_a_system_without_affinity_are_all(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.platform", "darwin")
    monkeypatch.setattr("os.cpu_count", lambda: 4)
    assert available_cpus(tmp_path) == 4
