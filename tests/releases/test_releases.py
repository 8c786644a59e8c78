"""Release discipline: what may change between releases, compared with every one of them."""

import re
import tomllib
from itertools import pairwise
from pathlib import PurePosixPath

import pytest
from copier import run_copy

from tests.update.history import LISTED
from tests.update.project import files, git
from tools.managers import ROOT
from tools.template import choices_of, jinja, read_questions, unpack

VARIANTS = {
    "defaults": {},
    "minimal": {"preset": "minimal"},
    "no CI": {"ci": "none"},
    "everything": {"features": ["docker"], "package_manager": "poetry"},
    "package": {"layout": "named_package", "package_manager": "pdm"},
}
CHANGELOG = (ROOT / "CHANGELOG.md").read_text("utf-8")
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
SECTIONS = dict(
    re.findall(r"^## (\S+) - .*?\n(.*?)(?=^## |\Z)", CHANGELOG, re.MULTILINE | re.DOTALL)
)
UNRELEASED = re.search(r"^## Unreleased\n(.*?)(?=^## )", CHANGELOG, re.MULTILINE | re.DOTALL)
ANCHOR = re.compile(r"^\s*(?:#|//) Your ")

# The file ended there: see "Action needed" of 0.2.0 in CHANGELOG.md.
MOVED_ANCHORS = {("0.1.0", "minimal", ".github/workflows/ci.yml", "      # Your steps")}
# The tests of the engine, which 0.5.0 took out of renders: see "Action needed" in CHANGELOG.md.
TESTS_OF_THE_ENGINE = {"limited.py", "served.py"} | {
    f"test_{name}.py"
    for name in """admission app base batching compression config content_encoding encodings errors
    event_stream exchange fast_path fast_path_guards fast_route helpers importing inference_request
    inference_service lifecycle limits log_writer logger lookout metrics model_runner model_tensors
    open_inference open_inference_errors parts_of_thread playground predict process server settings
    streaming tensor_spec tensors turns workers""".split()
}
# Modules of the engine that 0.5.0 moved: update/test_moved_engine.py updates with edits in them.
MOVED = set(
    """api/compression api/encodings api/event_stream api/exchange api/fast_path api/fast_route
    api/generate api/header_guard api/infer api/inference_errors api/inference_plan
    api/inference_request api/inference_response api/inference_schemas api/limits api/lookout
    api/metrics api/open_inference api/request_route api/server api/streaming api/supervision
    api/validation config/section core/lifecycle core/log_writer services/admission
    services/model_tensors services/parts_of_thread services/streaming services/tensor_data
    services/tensor_spec services/tensors""".split()
)
USERS_APPEND = (".gitignore", ".gitattributes", "Makefile", "pyproject.toml", "configs/config.yaml")


@pytest.fixture(scope="module", params=LISTED)
def release(request):
    return request.param


@pytest.fixture(scope="module")
def released(release, tmp_path_factory):
    """The template of a release, in a plain folder."""
    folder = tmp_path_factory.mktemp("released")
    unpack(LISTED[release], folder)
    return folder


@pytest.fixture(scope="module")
def variants(released, render, tmp_path_factory):
    """Renders of that release and of the working tree, by variant."""
    pairs = {}
    for name, answers in VARIANTS.items():
        folder = tmp_path_factory.mktemp("variant") / "project"
        run_copy(str(released), folder, answers, defaults=True, quiet=True)
        pairs[name] = files(folder), files(render(**answers))
    return pairs


def since(release):
    """The sections of the changelog that are newer than a release."""
    names = [*SECTIONS]
    newer = [SECTIONS[name] for name in names[: names.index(release)]]
    return "\n".join([UNRELEASED[1] if UNRELEASED else "", *newer])


def test_questions_and_choices_are_only_ever_added(released, template):
    old, new = read_questions(released), read_questions(template)
    for name, question in old.items():
        assert name in new, f"{name} is gone: projects would lose their answer"
        assert new[name]["type"] == question["type"], name
        assert new[name].get("multiselect") == question.get("multiselect"), name
        assert {*(choices_of(question, released) or ())} <= {*(choices_of(new[name]) or ())}, (
            f"{name} has lost a choice"
        )


def features_by_preset(question, template):
    """The default of `features`, whichever way it is written."""
    default = jinja(template).from_string(question["default"])
    return [default.render(preset=preset) for preset in ("production", "minimal", "custom")]


def test_new_questions_and_changed_defaults_are_in_the_changelog(release, released, template):
    old, new = read_questions(released), read_questions(template)
    for name, question in new.items():
        if name not in old:
            assert "default" in question, f"{name} would stop `copier update --defaults`"
        before = old.get(name, {})
        changed = before.get("validator") != question.get("validator")
        if name == "features":
            changed |= features_by_preset(before, released) != features_by_preset(
                question, template
            )
        else:
            changed |= before.get("default") != question.get("default")
        if changed and question.get("when") is not False:
            assert f"`{name}`" in since(release), f"{name}: a stricter validator stops updates too"


@pytest.mark.parametrize("variant", VARIANTS)
def test_rendered_file_set_only_grows(release, variants, variant):
    old, new = variants[variant]
    gone = {PurePosixPath(name) for name in old.keys() - new.keys()}
    if release < "0.5":
        tests = {path for path in gone if path.parts[0] == "tests"}
        gone -= {path for path in tests if path.name in TESTS_OF_THE_ENGINE}
        gone -= {path for path in gone if "/".join(path.with_suffix("").parts[-2:]) in MOVED}
    assert not gone, "edits in these files would vanish without a word"


@pytest.mark.parametrize("variant", VARIANTS)
def test_places_where_users_add_lines_stay_as_they_are(release, variants, variant):
    """A comment `Your …`, and the line below it, which the user's lines will touch."""
    old, new = variants[variant]
    for name in old.keys() & new.keys():
        before = pairwise([*old[name].decode().splitlines(), None])
        after = {*pairwise([*new[name].decode().splitlines(), None])}
        for pair in before:
            if pair[0] and ANCHOR.match(pair[0]):
                assert pair[0] in {line for line, _ in after}, f"{name}: {pair[0].strip()}"
                moved = (release, variant, name, pair[0]) in MOVED_ANCHORS
                assert moved or pair in after, f"{name}: below {pair[0].strip()}"


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("name", USERS_APPEND)
def test_end_of_files_that_users_append_to_never_changes(variants, variant, name):
    """Users' own lines follow the last line; a change next to them would be a conflict."""
    old, new = variants[variant]
    assert old[name].splitlines()[-1] == new[name].splitlines()[-1]


@pytest.mark.parametrize("variant", VARIANTS)
def test_last_development_tool_never_changes(variants, variant):
    """Users' tools are added below it, so a new bound would be a conflict for each of them."""
    last = {
        tomllib.loads(side["pyproject.toml"].decode())["dependency-groups"]["dev"][-1]
        for side in variants[variant]
    }
    assert len(last) == 1


@pytest.mark.parametrize("variant", VARIANTS)
def test_shared_configuration_gets_no_new_line_inside_a_section(variants, variant):
    """Beside a value that the user changed, a new line would be a conflict."""
    old, new = (
        [group.split("\n") for group in side["configs/config.yaml"].decode().split("\n\n")]
        for side in variants[variant]
    )
    for group in old:
        assert group in new


def test_changelog_says_of_each_release_what_it_asks_for():
    assert next(iter(SECTIONS)) == VERSION
    for name, text in SECTIONS.items():
        for label in ("New questions:", "Changed defaults:", "Action needed:"):
            assert re.search(rf"^- \*\*{label}\*\* \S", text, re.MULTILINE), (name, label)


def test_every_release_of_the_changelog_is_listed_with_its_commit():
    """The newest is an exception: its commit is only known once it is made."""
    assert [*LISTED][::-1] in ([*SECTIONS], [*SECTIONS][1:])


def test_listed_releases_are_the_commits_of_those_versions():
    """Tags can get lost, so this list is what the update tests start from."""
    for version, commit in LISTED.items():
        text = git(ROOT, "show", f"{commit}:pyproject.toml")
        assert tomllib.loads(text)["project"]["version"] == version
        git(ROOT, "merge-base", "--is-ancestor", commit, "HEAD")
        if tag := git(ROOT, "tag", "--list", f"v{version}").strip():
            assert git(ROOT, "rev-parse", f"{tag}^{{commit}}").strip() == commit
