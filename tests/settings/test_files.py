"""Files that cannot be read as they were meant: file and line, and never a traceback."""

UTF_16 = "API_PORT=2\n".encode("utf-16").decode("latin-1")
UTF_16_WITHOUT_MARK = "API_PORT=2\n".encode("utf-16-le").decode("latin-1")
ENV_FILES = {
    "folder": (None, ".env: must be a text file in UTF-8"),
    "UTF-16": (UTF_16, ".env: must be a text file in UTF-8"),
    "UTF-16 without a mark": (UTF_16_WITHOUT_MARK, ".env:1: must be NAME=value"),
    "Latin-1": ("A=1\nB=\xe9\n", ".env: must be a text file in UTF-8"),
    "no assignment": ("A=1\n\n# c\n\nAPI_PORT 9000\nB=2\n", ".env:5: must be NAME=value"),
    "a name alone": ("A=1\nAPI_PORT\n", ".env:2: must be NAME=value"),
    "a name alone, exported": ("export API_PORT\n", ".env:1: must be NAME=value"),
    "YAML": ("API_PORT: 9000\n", ".env:1: must be NAME=value"),
    "a command of Windows": ("set API_PORT=9000\n", ".env:1: must be NAME=value"),
    "quote without an end": ('A=1\nAPI_HOST="x\nAPI_PORT=1\n', ".env:2: must be NAME=value"),
    "quote that ends lines later": ('API_HOST="x\nA=1\nB="y"\n', ".env:1: must be NAME=value"),
}
YAML_FILES = {
    "alias of itself": ("model: &m\n  name: *m\n", "config.yaml:2:3: model.name: "),
    "alias of itself under an unknown name": (
        "model: &m\n  nam: *m\n",
        "config.yaml:2:3: model.nam: no such setting",
    ),
    "UTF-16 without a mark": (UTF_16_WITHOUT_MARK, "config.yaml:1:2: special characters"),
    "empty name": ("'': 1\n", "config.yaml:1:1: : no such setting"),
}
DOUBLED = "".join(f"a{n}: &a{n} {{x: *a{n - 1}, y: *a{n - 1}}}\n" for n in range(1, 40))


def test_env_file_that_sets_what_is_not_seen_is_refused(unexplained):
    table = {name: ({"env": text}, expected) for name, (text, expected) in ENV_FILES.items()}
    assert unexplained(table) == {}


def test_odd_yaml_is_refused_with_file_and_line(unexplained):
    table = {name: ({"yaml": text}, expected) for name, (text, expected) in YAML_FILES.items()}
    assert unexplained(table) == {}


def test_aliases_that_double_again_and_again_end_in_time(load):
    (outcome,) = load({"yaml": f"a0: &a0 {{x: 1}}\n{DOUBLED}"})
    assert "config.yaml:2:1: a1: no such setting" in outcome["error"]


def test_alias_that_names_a_section_twice_is_no_problem(load):
    (outcome,) = load({"yaml": "model: &m\n  <<: {name: x}\n  cache_size: 1\n"})
    assert outcome["settings"]["model"]["name"] == "x"
