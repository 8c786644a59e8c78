"""Dependencies of a rendered service that Renovate may update, and those of the template."""

import re
import subprocess
import tomllib

import json5
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from tools.managers import INSTALL, REQUIREMENTS
from tools.template import read_features

PLACE = "        // Your rules\n"


def text_of(project):
    return (project / ".github/renovate.json5").read_text("utf-8")


def rule(config, **matchers):
    """Return the one rule that has exactly these matchers, apart from names of packages."""
    found = [
        rule
        for rule in config["packageRules"]
        if {k: v for k, v in rule.items() if k.startswith("match") and k != "matchPackageNames"}
        == matchers
    ]
    assert len(found) == 1, matchers
    return found[0]


def names(requirements):
    """Return names as package indexes normalize them, which is how Renovate compares them."""
    found = [re.match(r"[\w.-]+", requirement)[0] for requirement in requirements]
    return [re.sub(r"[-_.]+", "-", name).lower() for name in found]


def keys(value):
    if isinstance(value, dict):
        yield from value
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from keys(item)


@pytest.fixture(scope="module")
def config(render):
    return json5.loads(text_of(render()))


@pytest.mark.parametrize("backends", [[], ["sklearn", "onnx"]])
@pytest.mark.parametrize("manager", INSTALL)
def test_bounds_left_to_the_template_are_those_that_it_sets(manager, backends, render):
    project = render(package_manager=manager, backends=backends, features=[*read_features()])
    pyproject = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))
    groups = pyproject["dependency-groups"].values()
    requirements = [
        *pyproject["project"]["dependencies"],
        *(requirement for group in groups for requirement in group),
        *pyproject["build-system"]["requires"],
    ]
    assert "requires-python" in pyproject["project"]
    left = rule(json5.loads(text_of(project)), matchManagers=["pep621", "poetry"])
    assert left["enabled"] is False
    assert sorted(left["matchPackageNames"]) == sorted({"python", *names(requirements)})


def test_dependencies_that_every_service_lists_are_named_in_the_rows_of_their_features(render):
    listed = text_of(render(features=[]))
    for row in read_features().values():
        for name in names(row.get("dependencies", [])):
            assert (f'"{name}"' in listed) == (name in row.get("listed", [])), name


@pytest.mark.parametrize("features", [[], ["docker"]])
def test_actions_left_to_the_template_are_those_of_its_workflow(features, render):
    project = render(features=features)
    workflow = yaml.safe_load((project / ".github/workflows/ci.yml").read_text("utf-8"))
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    used = {step["uses"].partition("@")[0] for step in steps if "uses" in step}
    if any("python-version" in step.get("with", {}) for step in steps):
        used.add("actions/python-versions")  # Renovate's name for `python-version`
    left = rule(json5.loads(text_of(project)), matchFileNames=[".github/workflows/ci.yml"])
    assert left["enabled"] is False
    assert set(left["matchPackageNames"]) == used


@pytest.mark.parametrize("manager", INSTALL)
def test_images_left_to_the_template_are_those_of_its_dockerfile(manager, render):
    project = render(package_manager=manager, features=[*read_features()])
    dockerfile = (project / "Dockerfile").read_text("utf-8")
    images = re.findall(r"^(?:# syntax=|ARG BASE_IMAGE=)([^:\s]+):", dockerfile, re.MULTILINE)
    assert set(re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE)) == {"${BASE_IMAGE}"}
    # Digests are not among the template's questions, so Renovate pins and updates them.
    tags = ["major", "minor", "patch"]
    config = json5.loads(text_of(project))
    left = rule(config, matchManagers=["dockerfile"], matchUpdateTypes=tags)
    assert left["enabled"] is False
    assert sorted(left["matchPackageNames"]) == sorted(images)
    assert "docker:pinDigests" in config["extends"]
    digests = rule(config, matchDatasources=["docker"], matchUpdateTypes=["pinDigest", "digest"])
    assert digests["minimumReleaseAgeBehaviour"] == "timestamp-optional"


# As Renovate's preset customManagers:dockerfileVersions finds versions.
VERSION = re.compile(
    r"# renovate: datasource=(?P<datasource>[\w.-]+?) depName=(?P<name>\S+?)"
    r"\s(?:ENV|ARG)\s+\w+?_VERSION[ =][\"']?(?P<value>.+?)[\"']?\s"
)


@pytest.mark.parametrize("manager", INSTALL)
def test_manager_in_the_image_is_pinned_where_renovate_moves_it(manager, render):
    project = render(package_manager=manager, features=[*read_features()])
    dockerfile = (project / "Dockerfile").read_text("utf-8")
    (found,) = VERSION.finditer(dockerfile)
    assert found["datasource"] == "pypi"
    assert found["name"] == manager
    assert re.search(rf'{manager}\S*==\${{{manager.upper()}_VERSION}}"', dockerfile)
    assert "customManagers:dockerfileVersions" in json5.loads(text_of(project))["extends"]
    (bounds,) = (SpecifierSet(Requirement(text).specifier) for text in REQUIREMENTS[manager][:1])
    assert found["value"] in bounds

    without = (render(package_manager=manager, ci="none") / "Dockerfile").read_text("utf-8")
    assert "_VERSION" not in without.partition("FROM ${BASE_IMAGE}\nARG MODEL")[0]
    assert f"'{REQUIREMENTS[manager][0]}'" in without


@pytest.mark.parametrize("given", ["", "BASE_IMAGE=registry.example.com/python:3.13"])
def test_make_image_takes_the_pinned_base_image_unless_another_is_named(given, render):
    command = ["make", "--dry-run", "image", "RUN=true", *given.split()]
    shown = subprocess.run(command, cwd=render(), capture_output=True, text=True, check=True).stdout
    assert ("--build-arg BASE_IMAGE" in shown) == bool(given)


def test_release_of_the_template_is_not_held_back_for_an_age_that_tags_do_not_tell(config):
    template = rule(config, matchManagers=["copier"])
    assert config["minimumReleaseAge"] == "7 days"
    assert template["minimumReleaseAge"] is None
    assert template.get("enabled", True)


def test_lock_file_moves_weekly_and_is_not_held_back_for_an_age_either(config):
    maintenance = config["lockFileMaintenance"]
    assert maintenance["enabled"]
    assert maintenance["minimumReleaseAgeBehaviour"] == "timestamp-optional"
    assert "schedule" not in maintenance  # Renovate's default is Monday


def test_security_fixes_come_for_what_is_left_to_the_template_too(config):
    assert config["vulnerabilityAlerts"]["enabled"]  # else `enabled: false` holds for them as well


def test_nothing_merges_by_itself(config):
    assert not [key for key in keys(config) if "automerge" in key.lower()]
    assert config["extends"][0] == "config:recommended"


@pytest.mark.parametrize("comma", [",", ""])
def test_rules_of_the_user_have_a_place_at_the_end_where_they_win(comma, render):
    text = text_of(render())
    assert text.endswith(f"{PLACE}    ],\n}}\n")
    own = f'        {{ matchPackageNames: ["fastapi"], enabled: true }}{comma}\n'
    rules = json5.loads(text.replace(PLACE, PLACE + own))["packageRules"]
    assert rules[-1] == {"matchPackageNames": ["fastapi"], "enabled": True}


def test_service_without_github_has_no_configuration_that_nobody_reads(render):
    assert not (render(ci="none") / ".github").exists()
