"""Layers, later wins; errors name the setting, its source and what was expected."""

import pytest

from src.core import metadata
from src.core.config import load_config, warn_about_ignored_variables
from src.core.errors import ConfigError


@pytest.fixture
def project(tmp_path):
    (tmp_path / "configs").mkdir()
    return tmp_path


def write(project, *, yaml="", env=""):
    (project / "configs" / "config.yaml").write_text(yaml)
    (project / ".env").write_text(env)


def error(project):
    with pytest.raises(ConfigError) as failure:
        load_config(project)
    return str(failure.value)


@pytest.mark.parametrize(
    ("read", "variable", "yaml"),
    [
        (lambda s: s.api_port, "API_PORT", "api_port: {}"),
        (lambda s: s.model.cache_size, "MODEL__CACHE_SIZE", "model:\n  cache_size: {}"),
    ],
    ids=["flat", "nested"],
)
def test_arguments_beat_environment_beats_env_file_beats_yaml_beats_default(
    project, monkeypatch, read, variable, yaml
):
    assert read(load_config(project)) in {8000, 100}
    write(project, yaml=yaml.format(1))
    assert read(load_config(project)) == 1
    write(project, yaml=yaml.format(1), env=f"{variable}=2")
    assert read(load_config(project)) == 2
    monkeypatch.setenv(variable, "3")
    assert read(load_config(project)) == 3
    assert read(load_config(project, api_port=4, model={"cache_size": 4})) == 4


def test_layers_fill_each_other_inside_a_section(project, monkeypatch):
    write(project, yaml="model: {name: from_yaml, cache_size: 1}", env="MODEL__VERSION=2")
    monkeypatch.setenv("MODEL__CACHE_SIZE", "3")
    model = load_config(project).model
    assert (model.name, model.version, model.cache_size) == ("from_yaml", "2", 3)


def test_another_yaml_file_can_be_named_in_the_environment_or_the_env_file(project, monkeypatch):
    (project / "other.yaml").write_text("api_port: 1")
    write(project, env="CONFIG_PATH=other.yaml")
    assert load_config(project).api_port == 1
    (project / "third.yaml").write_text("api_port: 2")
    monkeypatch.setenv("CONFIG_PATH", str(project / "third.yaml"))
    assert load_config(project).api_port == 2


@pytest.fixture
def secrets(tmp_path, monkeypatch):
    """Return a folder, mounted as Kubernetes does: links to files in another folder."""
    folder = tmp_path / "secrets"
    (folder / "..data").mkdir(parents=True)
    monkeypatch.setenv("SECRETS_DIR", str(folder))

    def write(name, content):
        (folder / "..data" / name).write_bytes(content)
        if not (folder / name).exists():
            (folder / name).symlink_to(f"..data/{name}")

    return write


def test_files_of_secrets_are_between_yaml_and_the_env_file(project, secrets, monkeypatch):
    secrets("model__options__api_key", b"from a file\n")
    secrets("API_PORT", b"1\r\n")
    write(project, yaml="api_port: 2\nmodel: {name: a, options: {api_key: b}}")
    settings = load_config(project)
    options = settings.model.options.model_extra
    assert (settings.api_port, settings.model.name, options) == (1, "a", {"api_key": "from a file"})
    write(project, env="API_PORT=3")
    assert load_config(project).api_port == 3
    monkeypatch.setenv("API_PORT", "4")
    assert load_config(project).api_port == 4


def test_wrong_secret_is_named_with_its_file_and_not_shown(project, secrets):
    secrets("API_PORT", b"hello")
    assert "secrets API_PORT: api_port: " in error(project)
    assert "hello" not in error(project)
    secrets("API_PORT", b"\xff")
    assert "SECRETS_DIR: " in error(project)
    assert "API_PORT must be" in error(project)


def test_files_of_other_programs_and_empty_ones_are_left_alone(project, secrets):
    secrets("tls.der", b"\xff\x00")
    secrets("API_PORT", b"\n")
    assert load_config(project).api_port == 8000


def test_folder_of_secrets_that_is_missing_is_an_error(project):
    write(project, env="SECRETS_DIR=none")
    assert "SECRETS_DIR: there is no folder " in error(project)


def test_named_yaml_file_that_is_missing_is_an_error(project, monkeypatch):
    monkeypatch.setenv("CONFIG_PATH", "none.yaml")
    assert "CONFIG_PATH: there is no file none.yaml" in error(project)


def test_spelling_of_a_name_decides_nothing(project, monkeypatch):
    write(project, yaml="API_PORT: 1\nModel: {Name: a}", env="Model__Name=b")
    monkeypatch.setenv("Api_Port", "2")
    settings = load_config(project)
    assert (settings.api_port, settings.model.name) == (2, "b")


def test_two_spellings_of_a_name_in_one_layer_are_an_error(project):
    write(project, yaml="api_port: 1\nAPI_PORT: 2")
    assert "config.yaml:2:1: API_PORT: is set twice" in error(project)
    write(project, env="api_port=1\nAPI_PORT=2")
    assert ".env API_PORT: is set twice" in error(project)


def test_line_of_the_env_file_that_is_not_an_assignment_is_an_error(project):
    write(project, env="\nAPI_PORT 9000")
    assert ".env:2: must be NAME=value" in error(project)
    (project / ".env").write_bytes(b"API_PORT=\xff")
    assert ".env: must be a text file in UTF-8" in error(project)


@pytest.mark.parametrize(
    ("yaml", "advice"),
    [
        ("service: {timeout: 30s}", "write it alone, such as 30"),
        ("model: {version: 1.0}", "put it in quotes"),
        ("model: {cache_size: off}", "write it alone, such as 100"),
        ("model: text", "must have its settings below it"),
    ],
)
def test_error_says_what_to_write(project, yaml, advice):
    write(project, yaml=yaml)
    assert advice in error(project)


def test_empty_variable_counts_as_not_set(project, monkeypatch):
    monkeypatch.setenv("API_PORT", "")
    assert load_config(project).api_port == 8000


def test_wrong_value_in_the_environment_is_named_with_its_source(project, monkeypatch):
    monkeypatch.setenv("API_PORT", "hello")
    message = error(project)
    assert "environment API_PORT: api_port: " in message
    assert "valid integer" in message
    assert "hello" not in message


def test_wrong_value_in_the_env_file_is_named_with_its_source(project):
    write(project, env="# seconds\nSERVICE__TIMEOUT=-1")
    assert ".env:2 SERVICE__TIMEOUT: service.timeout: " in error(project)


def test_wrong_value_in_yaml_is_named_with_file_line_and_column(project):
    write(project, yaml="api_port: 1\nmodel:\n  cache_size: many\n")
    assert "config.yaml:3:3: model.cache_size: " in error(project)


def test_wrong_argument_is_named(project):
    with pytest.raises(ConfigError, match="argument API_PORT: api_port: "):
        load_config(project, api_port="x")


@pytest.mark.parametrize(
    ("yaml", "message"),
    [
        ("modle: {}", "config.yaml:1:1: modle: no such setting; did you mean model?"),
        (
            "model:\n  cache_siz: 1",
            "config.yaml:2:3: model.cache_siz: no such setting; did you mean cache_size?",
        ),
        (
            "model:\n  implementation: x",
            "config.yaml:2:3: model.implementation: invalid format: Class of the model",
        ),
        ("root_path: x", "config.yaml:1:1: root_path: invalid format: Path under which"),
        ("log_level: LOUD", "config.yaml:1:1: log_level: "),
        ("model: text", "config.yaml:1:1: model: "),
        (
            "environment: production\ndebug: true",
            "config.yaml:2:1: debug: must be off when environment is production",
        ),
        ("api_port: 1\n b: [", "config.yaml:2:3: "),
        ("a: 1\na: 2", "config.yaml:2:1: a is set twice"),
    ],
)
def test_wrong_yaml_is_explained(project, yaml, message):
    write(project, yaml=yaml)
    assert message in error(project)


def test_every_problem_is_told_at_once(project, monkeypatch):
    write(project, yaml="api_host: ''", env="MODEL__CACHE_SIZE=-1")
    monkeypatch.setenv("SERVICE__MAX_RETRIES", "no")
    assert len(error(project).splitlines()) == 4


def test_secret_in_a_wrong_place_is_never_printed(project):
    write(project, yaml="api_port: s3cr3t", env="MODEL__TOKEN=s3cr3t\nSERVICE__TIMEOUT=s3cr3t")
    assert "s3cr3t" not in error(project)


def test_wrong_name_inside_a_section_is_an_error_in_the_env_file_too(project):
    write(project, env="MODEL__NAEM=x")
    assert ".env:1 MODEL__NAEM: model.naem: no such setting; did you mean name?" in error(project)


def test_foreign_and_bare_section_variables_are_left_alone(project, monkeypatch, log):
    write(project, env="HF_TOKEN=x\nMODEL=y")
    monkeypatch.setenv("SERVICE", "tcp://10.0.0.1")
    load_config(project)
    warn_about_ignored_variables(project)
    assert "Ignored MODEL: " in log.getvalue()
    assert "Ignored SERVICE: " in log.getvalue()
    assert "HF_TOKEN" not in log.getvalue()


def test_near_miss_in_the_env_file_is_a_warning(project, log):
    write(project, env="API_PROT=9000\nMODEL_NAME=x")
    assert load_config(project).api_port == 8000
    warn_about_ignored_variables(project)
    assert "Ignored API_PROT in .env: did you mean API_PORT?" in log.getvalue()
    assert "Ignored MODEL_NAME in .env: did you mean MODEL__NAME?" in log.getvalue()


def test_metadata_is_what_pyproject_says():
    found = metadata.read_metadata()
    assert found.name in (metadata.PROJECT_DIR / "pyproject.toml").read_text("utf-8")
    assert found.version.count(".") == 2


def test_metadata_of_a_wheel_comes_from_the_installed_distribution(monkeypatch):
    monkeypatch.setattr(metadata, "_PYPROJECT", None)
    monkeypatch.setattr(metadata, "packages_distributions", lambda: {metadata._PACKAGE: ["pytest"]})
    assert metadata.read_metadata().name == "pytest"
