"""What Renovate may move in a rendered service, and what it leaves to the template."""

import re
import tomllib

import json5
import pytest
import yaml

from tools.managers import INSTALL

PLACE = "        // Your rules\n"


def text_of(project):
    return (project / ".github/renovate.json5").read_text("utf-8")


def rule(config, **matchers):
    """Give the one rule that has exactly these matchers, apart from names of packages."""
    found = [
        rule
        for rule in config["packageRules"]
        if {k: v for k, v in rule.items() if k.startswith("match") and k != "matchPackageNames"}
        == matchers
    ]
    assert len(found) == 1, matchers
    return found[0]


def names(requirements):
    """Give names as package indexes normalize them, which is how Renovate compares them."""
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


@pytest.mark.parametrize("manager", INSTALL)
def test_bounds_left_to_the_template_are_those_that_it_sets(manager, render):
    project = render(package_manager=manager)
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
    assert sorted(left["matchPackageNames"]) == sorted(["python", *names(requirements)])


@pytest.mark.parametrize("features", [[], ["docker"]])
def test_actions_left_to_the_template_are_those_of_its_workflow(features, render):
    project = render(features=features)
    workflow = yaml.safe_load((project / ".github/workflows/ci.yml").read_text("utf-8"))
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    used = {step["uses"].partition("@")[0] for step in steps if "uses" in step}
    if any("python-version" in step.get("with", {}) for step in steps):
        used.add("actions/python-versions")  # as Renovate names what `python-version` asks for
    left = rule(json5.loads(text_of(project)), matchFileNames=[".github/workflows/ci.yml"])
    assert left["enabled"] is False
    assert set(left["matchPackageNames"]) == used


@pytest.mark.parametrize("manager", INSTALL)
def test_images_left_to_the_template_are_those_of_its_dockerfile(manager, render):
    project = render(package_manager=manager)
    dockerfile = (project / "Dockerfile").read_text("utf-8")
    images = re.findall(r"^(?:# syntax=|ARG BASE_IMAGE=)([^:\s]+):", dockerfile, re.MULTILINE)
    assert set(re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE)) == {"${BASE_IMAGE}"}
    left = rule(json5.loads(text_of(project)), matchManagers=["dockerfile"])
    assert left["enabled"] is False
    assert sorted(left["matchPackageNames"]) == sorted(images)


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
    assert config["extends"] == ["config:recommended"]


@pytest.mark.parametrize("comma", [",", ""])
def test_rules_of_the_user_have_a_place_at_the_end_where_they_win(comma, render):
    text = text_of(render())
    assert text.endswith(f"{PLACE}    ],\n}}\n")
    own = f'        {{ matchPackageNames: ["fastapi"], enabled: true }}{comma}\n'
    rules = json5.loads(text.replace(PLACE, PLACE + own))["packageRules"]
    assert rules[-1] == {"matchPackageNames": ["fastapi"], "enabled": True}


def test_service_without_github_has_no_configuration_that_nobody_reads(render):
    assert not (render(ci="none") / ".github").exists()
