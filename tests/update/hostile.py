"""Git settings of a user: each alone does what `git config` documents, and harms an update."""

from collections.abc import Iterable
from pathlib import Path

# Setting: value. <name> stands for a file or folder of FILES.
SETTINGS = [
    *("apply.whitespace=error", "apply.whitespace=fix", "apply.ignoreWhitespace=change"),
    *("merge.conflictStyle=diff3", "merge.conflictStyle=zdiff3", "merge.ff=only"),
    *("merge.renames=false", "merge.renormalize=true", "rerere.enabled=true"),
    *("core.excludesFile=<ignore>", "core.attributesFile=<attributes>", "core.hooksPath=<hooks>"),
    *("core.bigFileThreshold=100", "core.quotePath=false", "core.safecrlf=true"),
    *("core.ignoreStat=true", "core.fsmonitor=<hooks>/none", "core.whitespace=tab-in-indent"),
    *("submodule.recurse=true", "init.templateDir=<template>", "init.defaultBranch=a..b"),
    *("init.defaultObjectFormat=sha256", "commit.gpgSign=true", "commit.template=<none>"),
    *("status.showUntrackedFiles=no", "status.showUntrackedFiles=all", "status.short=true"),
    *("status.branch=true", "status.relativePaths=false", "status.renames=copies"),
    *("status.showStash=true", "status.submoduleSummary=true"),
    *("diff.noprefix=true", "diff.mnemonicPrefix=true", "diff.external=false"),
    *("diff.orderFile=<none>", "diff.algorithm=patience", "diff.suppressBlankEmpty=true"),
    *("diff.context=0", "diff.interHunkContext=50", "diff.renames=copies", "diff.relative=true"),
    *("diff.ignoreSubmodules=all", "diff.submodule=log", "diff.wordRegex=."),
    *("color.ui=always", "color.diff=always", "color.status=always", "column.ui=always"),
    *("grep.fullName=true", "grep.lineNumber=true", "grep.column=true", "grep.patternType=fixed"),
]
VARIABLES = {
    "GIT_DIFF_OPTS": "--unified=0",
    "GIT_EXTERNAL_DIFF": "false",
    "GIT_INDEX_FILE": "other-index",
    "GIT_DIR": "nowhere",
    "GIT_WORK_TREE": "/",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_DEFAULT_HASH": "sha256",
    "GIT_AUTHOR_DATE": "never",
    "GIT_TRACE": "1",
    "GIT_TEMPLATE_DIR": "<template>",
    "GIT_CONFIG_PARAMETERS": "'apply.whitespace=error' 'submodule.recurse=true'",
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "core.bigFileThreshold",
    "GIT_CONFIG_VALUE_0": "100",
    "LC_ALL": "POSIX",
    "PYTHONUTF8": "0",
    "PYTHONCOERCECLOCALE": "0",
}
FILES = {
    "ignore": "models/\ndata/\n*.lock\nbuild/\ncore\nscripts/\n.*\n*.yaml\n*.toml\ntests\n*.md\n",
    "attributes": "*.toml -diff\n*.yaml binary\n*.py diff=mine whitespace=-all\n*.md -text\n",
    "hooks/pre-commit": "#!/bin/sh\nfor f in $(git ls-files '*.py'); do echo '# x' >> $f; done\n",
    "hooks/prepare-commit-msg": "#!/bin/sh\nexit 1\n",
    "hooks/post-checkout": "#!/bin/sh\nexit 1\n",
    "template/info/attributes": "*.toml -diff\n*.py binary\n",
    "template/info/exclude": "src/\n",
    "template/hooks/pre-commit": "#!/bin/sh\nrm -rf src\n",
}


def write(folder: Path) -> Path:
    """Write the files that settings name."""
    for name, text in FILES.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(0o755)
    return folder


def configuration(folder: Path, settings: Iterable[str]) -> str:
    """Return a file of configuration with these settings."""
    text = "[user]\nname = Tester\nemail = tester@example.org\n"
    for setting in settings:
        name, _, value = in_folder(setting, folder).partition("=")
        section, _, key = name.rpartition(".")
        text += f"[{section}]\n\t{key} = {value}\n"
    return text + '[diff "mine"]\n\tbinary = true\n'


def in_folder(text: str, folder: Path) -> str:
    """Return a value with the names of files filled in."""
    for name in ("ignore", "attributes", "hooks", "template", "none"):
        text = text.replace(f"<{name}>", str(folder / name))
    return text
