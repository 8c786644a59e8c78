"""The rendered configuration, checked against Renovate's own schema."""

import copy
import json
import tarfile

import json5
import pytest
from jsonschema import Draft7Validator

from tests.system.support import MANAGERS, must, require
from tools.managers import TOOLS, environment

VERSION = "44.121.2"
# Built in, but not among those that the schema lists (docs.renovatebot.com/presets-default).
UNLISTED = ["docker:pinDigests", "customManagers:dockerfileVersions"]


@pytest.fixture(scope="session")
def published():
    """The schema of that version, as it is published."""
    file = TOOLS / "renovate" / VERSION / "renovate-schema.json"
    if not file.is_file():
        file.parent.mkdir(parents=True, exist_ok=True)
        npm = require("npm", "apt-get install nodejs npm")
        must([npm, "pack", f"renovate@{VERSION}"], cwd=file.parent, env=environment())
        archive = file.with_name(f"renovate-{VERSION}.tgz")
        with tarfile.open(archive) as package:
            file.write_bytes(package.extractfile(f"package/{file.name}").read())
        archive.unlink()
    schema = json.loads(file.read_text("utf-8"))
    assert schema["x-renovate-version"] == VERSION
    return schema


@pytest.fixture(scope="session")
def schema(published):
    """The schema, made to mind unknown keys, managers and presets, and all values of a rule."""
    schema = copy.deepcopy(published)
    known, definitions = schema["properties"], schema["definitions"]
    known["$schema"] = {"const": schema["$id"]}
    schema["additionalProperties"] = False

    (of_rules,) = definitions["packageRules"]["items"]["allOf"]
    of_rules["properties"] = known | of_rules["properties"]
    of_rules["additionalProperties"] = False

    of_managers = definitions["matchManagers"]["oneOf"][0]["items"]
    of_managers["enum"] = [name for name in definitions if _is_manager(definitions[name])]
    presets = definitions["extends"]["oneOf"][0]["items"]
    presets["anyOf"] = [choice for choice in presets["anyOf"] if "enum" in choice]
    presets["anyOf"].append({"enum": UNLISTED})
    return schema


def _is_manager(definition):
    default = definition.get("default")
    return isinstance(default, dict) and "managerFilePatterns" in default


def complaints(config, schema):
    return [error.message for error in Draft7Validator(schema).iter_errors(config)]


def config_of(project):
    return json5.loads((project / ".github/renovate.json5").read_text("utf-8"))


@pytest.mark.parametrize("manager", MANAGERS)
def test_configuration_is_valid(manager, render, published, schema):
    config = config_of(render(package_manager=manager))
    assert complaints(config, published) == []
    assert complaints(config, schema) == []


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"minimumReleasAge": "7 days"}, "'minimumReleasAge' was unexpected"),
        ({"minimumReleaseAge": 7}, "7 is not of type"),
        ({"extends": ["config:recomended"]}, "is not valid under any"),
        ({"matchManagers": ["copier"]}, "'matchManagers' was unexpected"),
        ({"lockFileMaintenance": {"enable": True}}, "'enable' was unexpected"),
        ({"minimumReleaseAgeBehaviour": "optional"}, "'optional' is not one of"),
        ({"packageRules": [{"matchManager": ["copier"]}]}, "'matchManager' was unexpected"),
        ({"packageRules": [{"matchManagers": ["copiers"]}]}, "is not valid under any"),
        ({"packageRules": [{"enabled": "no"}]}, "'no' is not of type 'boolean'"),
        ({"packageRules": [{"minimumReleaseAge": 7}]}, "7 is not of type"),
        ({"allowScripts": True}, "should not be valid under"),  # for Renovate's own settings
    ],
)
def test_mistake_is_found(wrong, complaint, render, schema):
    found = complaints(config_of(render()) | wrong, schema)
    assert any(complaint in message for message in found), found
