"""Pieces of Markdown."""

INVALID, NOTHING = "invalid", "-"


def table(header: list[str], lines: list[list[str]]) -> str:
    """Render a table whose first column is text."""
    rule = ["---", *["---:"] * (len(header) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [header, rule, *lines])


def count(number: int, name: str) -> str:
    """Render a number of things."""
    return f"{number} {name}{'s' if number > 1 else ''}"
