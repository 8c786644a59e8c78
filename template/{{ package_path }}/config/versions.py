"""Settings of several models, and of several versions of a model."""

import json
from contextlib import suppress
from difflib import get_close_matches
from typing import Annotated, Any, Generic, Self, TypeVar

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from .base import Section
from .values import VERSION

Overrides = TypeVar("Overrides", bound=Section)


def _numbers_like(example: str) -> BeforeValidator:
    """Return a check for numbers by version, which a variable of the environment has as JSON."""

    def parse(value: Any) -> Any:
        if isinstance(value, str):
            with suppress(ValueError):
                value = json.loads(value)
        if not isinstance(value, dict):
            raise ValueError(f"must have a number for each version, as in {example}")  # noqa: TRY004
        return value

    return BeforeValidator(parse)


def _check_sum(shares: dict[str, float]) -> dict[str, float]:
    if shares and not sum(shares.values()):
        raise ValueError("must have a share above 0")
    return shares


VersionName = Annotated[str, Field(pattern=VERSION)]
Weight = Annotated[float, Field(ge=0, le=1_000_000, allow_inf_nan=False)]
Probability = Annotated[float, Field(gt=0, le=1)]
Weights = Annotated[
    dict[VersionName, Weight],
    _numbers_like('{"1.4.0": 90, "2.0.0": 10}'),
    AfterValidator(_check_sum),
]
ShadowParts = Annotated[dict[VersionName, Probability], _numbers_like('{"2.0.0": 0.05}')]


class Models(Section):
    """Several models by name, as they are configured; `core.model_configs` reads them."""

    model_config = ConfigDict(extra="allow")


class ServedModel(Section, Generic[Overrides]):
    """Versions of a model, and which of them respond: `MODELS__SENTIMENT__SERVE=1.4.0`."""

    versions: dict[VersionName, Overrides] = Field(default={})
    """Settings in which a version differs from the others, by version; without it, there is one,
    with the name that the class or the artifact's card has."""
    serve: str | None = None
    """The version that responds, and takes precedence over `shares`: one value to roll back."""
    shares: Weights = Field(default={})
    """Weights of the versions that respond, such as `{"1.4.0": 90, "2.0.0": 10}`."""
    sticky_header: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_-]{1,64}$")
    """Header, such as `X-User-ID`: requests with the same value get the same version, in every
    process; those without it get one by chance."""
    shadow: ShadowParts = Field(default={})
    """Versions that also predict for a part of the requests, between 0 and 1; clients do not see
    their predictions, and metrics compare them."""

    @field_validator("serve", "shares", "shadow")
    @classmethod
    def _versions_exist(cls, value: Any, info: ValidationInfo) -> Any:
        names = [value] if isinstance(value, str) else [*(value or ())]
        known = info.data.get("versions", names)  # if they are not valid, that is the error
        for name in names:
            if name not in known:
                near = get_close_matches(name, known, n=1, cutoff=0)
                more = f"; did you mean {near[0]}?" if near else ": versions is empty"
                raise ValueError(f"there is no version {name}{more}")
        return value

    @model_validator(mode="after")
    def _one_is_chosen(self) -> Self:
        if len(self.versions) > 1 and not (self.serve or self.shares):
            raise ValueError(f"set serve to one of the versions {', '.join(self.versions)}")
        return self

    @property
    def weights(self) -> dict[str, float]:
        """Weights of the versions that respond; empty if there is one, without a name."""
        return {self.serve: 1} if self.serve else self.shares or dict.fromkeys(self.versions, 1.0)
