"""Settings: defaults and bounds."""

import pytest
from pydantic import ValidationError

from src.config.settings import Settings


def test_defaults_are_the_documented_ones():
    settings = Settings()
    assert settings.api_host == "0.0.0.0"
    assert settings.api_port == 8000
    assert settings.debug is False
    assert settings.environment == "development"
    assert settings.log_level == "INFO"
    assert settings.cors_origins == ()
    assert settings.model.cache_size == 100
    assert settings.service.timeout == 30
    assert settings.service.max_retries == 3


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("api_port", -1),
        ("api_port", 65536),
        ("api_host", ""),
        ("environment", "moon"),
        ("log_level", "LOUD"),
        ("log_format", "xml"),
        ("root_path", "no-slash"),
        ("root_path", "/ends/"),
        ("trusted_proxies", "proxy.local"),
        ("cors_origins", "https://ends.example/"),
        ("cors_origins", '["https://a.example"]'),
        ("model", {"cache_size": -1}),
        ("model", {"name": "two words"}),
        ("model", {"implementation": "no_class"}),
        ("service", {"timeout": 0}),
        ("service", {"max_retries": 11}),
        ("service", {"slow_after": 0}),
        ("service", {"nonsense": 1}),
        ("nonsense", 1),
    ],
)
def test_value_out_of_bounds_is_refused(name, value):
    with pytest.raises(ValidationError):
        Settings(**{name: value})


def test_log_level_may_be_lower_case():
    assert Settings.model_validate({"log_level": "warning"}).log_level == "WARNING"


def test_origins_are_split_at_commas():
    settings = Settings.model_validate({"cors_origins": "https://a.example, https://b.example"})
    assert settings.cors_origins == ("https://a.example", "https://b.example")


def test_settings_cannot_be_changed():
    with pytest.raises(ValidationError):
        Settings().api_port = 1


def test_constructor_reads_nothing_from_outside(monkeypatch):
    monkeypatch.setenv("API_PORT", "1")
    assert Settings().api_port == 8000
