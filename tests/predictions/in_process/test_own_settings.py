"""Settings that a user added keep the spelling of their class."""

from pydantic import BaseModel
from src.core.config import normalize


class Section(BaseModel):
    API_URL: str = ""


class Settings(BaseModel):
    section: Section = Section()
    Token: str = ""


def test_capitals_in_the_names_of_settings_are_found_in_any_spelling():
    for given in ({"section": {"API_URL": "x"}, "Token": "y"},
                  {"SECTION": {"api_url": "x"}, "TOKEN": "y"}):  # fmt: skip
        assert normalize(given, {}, Settings) == {"section": {"API_URL": "x"}, "Token": "y"}
