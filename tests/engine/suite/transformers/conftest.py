"""Artifacts that all tests of this folder share, and that none of them changes."""

import os
import shutil

import pytest
import torch

os.environ["HF_HUB_OFFLINE"] = "1"
from tests.engine.suite.transformers import tiny_models


@pytest.fixture(scope="session", autouse=True)
def _one_thread():
    torch.set_num_threads(1)  # the networks are too small for more


@pytest.fixture(scope="session")
def bert(tmp_path_factory):
    return tiny_models.make_bert(tmp_path_factory.mktemp("artifacts") / "bert")


@pytest.fixture(scope="session")
def llama(tmp_path_factory):
    return tiny_models.make_llama(tmp_path_factory.mktemp("artifacts") / "llama")


@pytest.fixture
def changed(tmp_path):
    """Return a function that copies an artifact, without some files and with others."""

    def change(artifact, without=(), **contents):
        folder = tmp_path / "changed"
        shutil.copytree(artifact, folder)
        for name in without:
            (folder / name).unlink()
        for name, content in contents.items():
            (folder / name.replace("__", ".")).write_text(content)
        return folder

    return change
