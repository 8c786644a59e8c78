"""Parsing of documentation pages."""

import re


def blocks(text, language):
    """Yield code blocks of a language, without the indentation of a list around them."""
    for indent, block in re.findall(
        rf"^( *)```{language}\n(.*?)^\1```", text, re.MULTILINE | re.DOTALL
    ):
        yield re.sub(rf"^{indent}", "", block, flags=re.MULTILINE)
