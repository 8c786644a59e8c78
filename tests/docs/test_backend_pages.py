"""The pages about backends: their models in a render, with real artifacts."""

import re

import pytest
import yaml

from tests.support.pages import blocks
from tools.managers import ROOT
from tools.template import read_backends, read_features

PAGES = ROOT / "docs/how-to"
NAMES = {  # of pages that are not called as their backend
    "sklearn": "scikit-learn-model",
    "torch": "pytorch-model",
    "openai_compatible": "openai-compatible",
}
SERVED = """
import yaml
from fastapi.testclient import TestClient
from src.app import create_app
from src.core.config import load_config
from tests.conftest import until


def ask(path, value):
    with TestClient(create_app(load_config())) as client:
        until(lambda: client.get("/ready").status_code == 200)
        return client.post(path, json=value).json()
"""
SKLEARN = """

ROW = {"sepal_length": 5.1, "sepal_width": 3.5, "petal_length": 1.4, "petal_width": 0.2}


def test_flower_is_named():
    result = ask("/predict", {"input": ROW})["prediction"]
    assert result["label"] == "setosa"
    assert set(result["probabilities"]) == {"setosa", "versicolor", "virginica"}


def test_several_flowers_are_named():
    large = {"sepal_length": 6.3, "sepal_width": 3.3, "petal_length": 6.0, "petal_width": 2.5}
    results = ask("/predict/batch", {"inputs": [ROW, large]})["predictions"]
    assert [result["label"] for result in results] == ["setosa", "virginica"]
"""
ONNX = """

def test_flower_is_named():
    result = ask("/predict", {"input": [5.1, 3.5, 1.4, 0.2]})["prediction"]
    assert result["label"] == "setosa"
    assert len(result["probabilities"]) == 3
"""
TORCH = """

FLAT = {"rooms": 3, "square_metres": 85, "floor": 2}


def test_price_is_estimated():
    assert 330 < ask("/predict", {"input": FLAT})["prediction"] < 420
    other = {"rooms": 1, "square_metres": 30, "floor": 9}
    prices = ask("/predict/batch", {"inputs": [FLAT, other]})["predictions"]
    assert prices[1] < 200 < prices[0]
"""
EXPORT = """
import torch
from safetensors.torch import load_file
from src.models.price_model import PriceNet

network = PriceNet().eval()
network.load_state_dict(load_file("artifacts/price.safetensors"))
rows = torch.rand(4, 3)
"""
# As skl2onnx exports a classifier: the label, then the probabilities.
GRAPH = """
import sys
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

weights = np.array([[0, 0, 0], [0, 0, 0], [-2, 0, 1], [0, 0, 0]], np.float32)
bias = np.array([5, 0, -4], np.float32)
nodes = [
    helper.make_node("Gemm", ["X", "weights", "bias"], ["scores"]),
    helper.make_node("Softmax", ["scores"], ["probabilities"], axis=1),
    helper.make_node("ArgMax", ["scores"], ["label"], axis=1, keepdims=0),
]
info = helper.make_tensor_value_info
graph = helper.make_graph(
    nodes, "iris", [info("X", TensorProto.FLOAT, ["n", 4])],
    [info("label", TensorProto.INT64, ["n"]), info("probabilities", TensorProto.FLOAT, ["n", 3])],
    [numpy_helper.from_array(weights, "weights"), numpy_helper.from_array(bias, "bias")],
)
opset = [helper.make_opsetid("", 21)]
onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=10), sys.argv[1])
"""


def page(name):
    return (PAGES / f"{name}-model.md").read_text("utf-8")


def configure(project, text):
    """Write the model of a page into the configuration."""
    file = project / "configs/config.yaml"
    config = file.read_text("utf-8")
    implementation, uri = re.findall(r"(?:implementation|uri): (\S+)", text)
    config = re.sub(r"(implementation: )\S+", rf"\1{implementation}", config)
    config = re.sub(r"(uri: )\S+", rf"\1{uri}", config)
    file.write_text(config, "utf-8")
    assert uri in config


def check(project, backend_tool, code):
    for command in (["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"]):
        backend_tool(project, *command)
    test = project / "tests/integration/test_page.py"
    test.write_text(SERVED + code, "utf-8")
    backend_tool(project, "pytest", "-q", str(test))


def test_forest_of_the_page_is_trained_and_served(render, backend_tool):
    project = render(model_backend="sklearn")
    text = page("scikit-learn")
    training, model, number = blocks(text, "python")
    config, _ = blocks(text, "yaml")
    (project / "scripts/train_iris.py").write_text(training, "utf-8")
    (project / "src/models/iris_model.py").write_text(model, "utf-8")
    printed = backend_tool(project, "python", "scripts/train_iris.py")
    assert printed in blocks(text, "text")
    configure(project, config)
    check(project, backend_tool, SKLEARN)

    predict = "".join(f"    {line}".rstrip() + "\n" for line in number.splitlines())
    before = model[: model.index("    def predict(")].replace("classifies", "")
    imports = "from .results import Classification\n"
    (project / "src/models/iris_model.py").write_text(before.replace(imports, "") + predict)
    backend_tool(project, "mypy")


def test_graph_of_the_page_is_served(render, backend_tool):
    project = render(model_backend="onnx")
    text = page("onnx")
    model, _ = blocks(text, "python")
    config, _ = blocks(text, "yaml")
    (project / "src/models/iris_model.py").write_text(model, "utf-8")
    (project / "artifacts").mkdir(exist_ok=True)
    backend_tool(project, "python", "-c", GRAPH, "artifacts/iris.onnx")
    configure(project, config)
    check(project, backend_tool, ONNX)


def test_providers_of_the_page_are_what_the_options_take(render, backend_tool):
    project = render(model_backend="onnx")
    _, options = blocks(page("onnx"), "yaml")
    code = (
        "import sys, yaml; from src.models.onnx_backend import OnnxModel;"
        "print(*OnnxModel.Options(**yaml.safe_load(sys.argv[1])['model']['options']).providers)"
    )
    assert "TensorrtExecutionProvider CUDA" in backend_tool(project, "python", "-c", code, options)


def test_network_of_the_page_is_trained_and_served(render, backend_tool):
    project = render(model_backend="torch")
    text = page("pytorch")
    model, training, padding, export = blocks(text, "python")
    config, consent, options = blocks(text, "yaml")
    (project / "scripts/train_price.py").write_text(training, "utf-8")
    (project / "src/models/price_model.py").write_text(model, "utf-8")
    run = "import runpy; runpy.run_path('scripts/train_price.py')"
    assert re.fullmatch(r"Mean error: \d\.\d\n", backend_tool(project, "python", "-c", run))
    configure(project, config)
    check(project, backend_tool, TORCH)

    padding = padding.replace("from .", "from src.models.")
    backend_tool(project, "python", "-c", f"import torch\n{padding}assert mask.sum() == 5")
    backend_tool(project, "python", "-c", EXPORT + export)
    checksum = backend_tool(
        project, "python", "-m", "src.core.artifacts", "artifacts/price_program.pt2"
    )
    options = yaml.safe_load(consent)["model"] | yaml.safe_load(options)["model"]
    options["artifact"]["sha256"] = checksum.split()[-1]
    options["options"]["device"] = "cpu"
    file = project / "configs/config.yaml"
    values = yaml.safe_load(file.read_text("utf-8"))
    values["model"] |= options
    file.write_text(yaml.safe_dump(values), "utf-8")
    backend_tool(project, "pytest", "-q", "tests/integration/test_page.py")


def test_message_about_a_missing_gpu_is_the_one_of_the_page(render, backend_tool):
    project = render(model_backend="torch")
    code = (
        "import torch\nfrom src.models.torch_device import choose_device\n"
        "torch.__version__, torch.version.cuda, torch.version.hip = '2.13.0+cpu', None, None\n"
        "torch.cuda.device_count = int\n"
        "try: choose_device('cuda')\nexcept Exception as exc: print(exc)"
    )
    assert backend_tool(project, "python", "-c", code) in [*blocks(page("pytorch"), "text")]


@pytest.mark.skipif("images" not in read_features(), reason="needs the feature images")
def test_detector_of_the_page_is_typed(render, backend_tool):
    project = render(model_backend="onnx", features=["images"])
    _, model = blocks(page("onnx"), "python")
    (project / "src/models/street_model.py").write_text(model, "utf-8")
    for command in (["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"]):
        backend_tool(project, *command)


@pytest.mark.parametrize("name", read_backends())
def test_table_of_the_page_lists_the_files_of_the_backend(render, name):
    text = (PAGES / f"{NAMES.get(name, f'{name}-model')}.md").read_text("utf-8")
    row = re.search(r"^\| files of the template \| (.*) \|$", text, re.MULTILINE)[1]
    files = {*re.findall(r"`([^`]+)`", row)}
    table = read_backends()[name]
    assert files == {*table["files"], *(["artifacts/.gitignore"] if "suffix" in table else [])}
    lines = int(re.search(r"`models/dummy_model.py` \((\d+) lines\)", text)[1])
    model = (render(model_backend=name) / "src/models/dummy_model.py").read_text("utf-8")
    assert len(model.splitlines()) == lines
