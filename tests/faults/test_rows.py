"""Every row of the fault table has a test, and the README says in which file."""

import re
from pathlib import Path

FOLDER = Path(__file__).parent
ELSEWHERE = {30}  # of artifacts
ROWS = {*range(1, 53)} - ELSEWHERE
MARKER = re.compile(r"mark\.row\(([\d, ]+)\)")


def rows_of_files():
    found = {}
    for file in sorted(FOLDER.glob("test_*.py")):
        text = file.read_text("utf-8")
        for numbers in MARKER.findall(text):
            for row in map(int, numbers.split(",")):
                found.setdefault(row, set()).add(file.stem)
    return found


def test_every_row_has_a_test():
    assert rows_of_files().keys() == ROWS


def test_readme_says_where():
    table = re.findall(
        r"^\| (\d+) \|[^|]*\| (.*) \|$", (FOLDER / "README.md").read_text(), re.MULTILINE
    )
    named = {int(row): set(re.findall(r"`(\w+)`", files)) for row, files in table}
    assert {row: files for row, files in named.items() if row not in ELSEWHERE} == rows_of_files()
