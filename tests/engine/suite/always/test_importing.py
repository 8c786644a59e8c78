"""Modules of a user that cannot be imported are named with their file."""

import pytest

from src import models, utils
from src.core import importing
from src.core.errors import ConfigError
from src.core.importing import import_all, import_own


def test_module_that_is_not_there_is_named_by_its_file():
    with pytest.raises(ConfigError, match=r"models/none\.py: ModuleNotFoundError"):
        import_own(f"{models.__name__}.none")


def test_every_module_of_a_package_is_imported():
    names = [module.__name__ for module in import_all(utils)]
    assert f"{utils.__name__}.helpers" in names
    assert names == sorted(names)


def test_module_that_fails_is_named_with_the_reason(tmp_path, monkeypatch):
    (tmp_path / "broken.py").write_text("1 / 0")
    monkeypatch.setattr(utils, "__path__", [str(tmp_path)])
    with pytest.raises(ConfigError, match=r"utils/broken\.py: ZeroDivisionError"):
        list(import_all(utils))


def test_module_in_which_an_import_fails_is_the_one_that_is_named(tmp_path, monkeypatch):
    package = tmp_path.resolve() / "service"
    (package / "core").mkdir(parents=True)
    (package / "outer.py").write_text("import inner")
    (package / "inner.py").write_text("import nothing_here")
    monkeypatch.setattr(importing, "__file__", str(package / "core/importing.py"))
    monkeypatch.syspath_prepend(str(package))
    with pytest.raises(
        ConfigError, match=r"service/inner\.py: ModuleNotFoundError: .*nothing_here"
    ):
        import_own("outer")
