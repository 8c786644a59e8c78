"""The value that wins, and the name and place in an error, however names are spelled."""

SAME = [
    {"yaml": "API_PORT: 1\n", "variables": {"API_PORT": "2"}},
    {"yaml": "api_port: 1\n", "variables": {"Api_Port": "2"}},
    {"yaml": "Api_Port: 1\n", "env": "api_port=2\n"},
    {"env": "api_port=1\n", "variables": {"Api_Port": "2"}},
    {"env": "API_PORT=1\nAPI_PORT=2\n"},  # as a shell reads it
    {"env": "# a comment\n\n export API_PORT=2 # mine\r\n"},
    {"env": "\xef\xbb\xbfAPI_PORT=2\n"},
    {"yaml": "\xef\xbb\xbfapi_port: 2\n"},
    {"yaml": "api_port: 2\n".encode("utf-16").decode("latin-1")},
]
PLACES = {
    "unknown in YAML, and a variable of another program": (
        {"yaml": "Name: x\n", "variables": {"NAME": "x"}},
        "config.yaml:1:1: name: no such setting",
    ),
    "wrong in YAML, whose name is spelled otherwise": (
        {"yaml": "\nModel:\n  Cache_Size: many\n"},
        "config.yaml:3:3: model.cache_size: ",
    ),
    "wrong in .env, right in YAML": (
        {"yaml": "API_PORT: 1\n", "env": "\n# port\napi_port=x\n"},
        ".env:3 API_PORT: api_port: ",
    ),
    "wrong in the environment, right in .env": (
        {"env": "api_port=1\n", "variables": {"Api_Port": "x"}},
        "environment API_PORT: api_port: ",
    ),
    "a whole section in YAML, and a variable of it": (
        {"yaml": "model: text\n", "variables": {"MODEL__NAME": "x"}},
        "config.yaml:1:1: model: must have its settings below it",
    ),
    "a variable of a section, and a bare one": (
        {"yaml": "service:\n  timeout: x\n", "variables": {"SERVICE": "tcp://10.0.0.1"}},
        "config.yaml:2:3: service.timeout: ",
    ),
}
TWICE = {
    "YAML": ({"yaml": "api_port: 1\nAPI_PORT: 2\n"}, "config.yaml:2:1: API_PORT: is set twice"),
    "sections of YAML": (
        {"yaml": "model: {name: a}\nMODEL: {name: b}\n"},
        "config.yaml:2:1: MODEL: is set twice",
    ),
    "inside a section of YAML": (
        {"yaml": "model:\n  name: a\n  NAME: b\n"},
        "config.yaml:3:3: NAME: is set twice",
    ),
    ".env": ({"env": "Api_Port=1\nAPI_PORT=2\n"}, ".env API_PORT: is set twice"),
    "environment": (
        {"variables": {"Model__Name": "a", "MODEL__NAME": "b"}},
        "environment MODEL__NAME: is set twice",
    ),
}


def test_later_layer_wins_however_the_name_is_spelled(load):
    ports = [outcome.get("settings", outcome).get("api_port") for outcome in load(*SAME)]
    assert ports == [2] * len(SAME)


def test_layer_that_set_the_wrong_value_is_the_one_that_is_named(unexplained):
    assert unexplained(PLACES) == {}


def test_two_spellings_of_one_name_in_a_layer_are_refused(unexplained):
    assert unexplained(TWICE) == {}


def test_other_programs_may_spell_their_variables_in_two_ways(load):
    (outcome,) = load({"variables": {"http_proxy": "a", "HTTP_PROXY": "b"}})
    assert "settings" in outcome


def test_empty_section_sets_nothing(load):
    (outcome,) = load({"yaml": "model:\n  # name: x\n"})
    assert outcome["settings"]["model"]["name"] is None


def test_path_of_the_yaml_file_may_be_spelled_in_lower_case_too(load):
    (outcome,) = load({"variables": {"config_path": "none.yaml"}})
    assert "CONFIG_PATH: there is no file none.yaml" in outcome["error"]
