"""Documents agree with responses for types that are put together at random."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .cases import HEAD
from .checks import check_all

LEAVES = [
    ("str", "'a'"),
    ("int", "7"),
    ("float", "1.5"),
    ("bool", "True"),
    ("bytes", "b'\\xff\\x00'"),
    ("Any", "[1]"),
    ("datetime.date", "datetime.date(2026, 1, 2)"),
    ("uuid.UUID", "uuid.UUID(int=7)"),
    ("decimal.Decimal", "decimal.Decimal('1.5')"),
    ("HttpUrl", "HttpUrl('https://example.org/')"),
    ("ipaddress.IPv4Address", "ipaddress.ip_address('127.0.0.1')"),
    ("Literal['a', 'b']", "'b'"),
    ("Annotated[int, Ge(0), Field(description='count')]", "3"),
    ("Annotated[str, Field(min_length=1)]", "'a'"),
    ("SecretStr", "SecretStr('a')"),
    ("pathlib.Path", "pathlib.Path('a')"),
    ("Annotated[float, PlainSerializer(lambda v: str(v))]", "1.5"),
]
NAMES = st.sampled_from(["a", "b", "input", "prediction", "text_input", "model_name"])
OPTIONS = st.sampled_from(
    [
        "",
        "alias='{name}_in'",
        "serialization_alias='{name}_out'",
        "validation_alias='{name}_in', serialization_alias='{name}_out'",
        "title='A title', description='Said of it'",
    ]
)


class Definitions:
    """Source of classes, each of another name."""

    def __init__(self):
        self.source = ""
        self.count = 0

    def add(self, kind, fields):
        self.count += 1
        name = f"C{self.count}"
        if kind == "BaseModel":
            lines = [f"    {f}: {t} = Field({o.format(name=f)})" for f, (t, _), o in fields]
            config = (
                "    model_config = ConfigDict(validate_by_name=True, protected_namespaces=())\n"
            )
            self.source += f"class {name}(BaseModel):\n{config}" + "\n".join(lines) + "\n"
        else:
            lines = [f"    {f}: {t}" for f, (t, _), _ in fields]
            before = "@dataclasses.dataclass\n" if kind == "dataclass" else ""
            base = "" if kind == "dataclass" else f"({kind})"
            self.source += f"{before}class {name}{base}:\n" + "\n".join(lines) + "\n"
        given = ", ".join(f"{f}={value}" for f, (_, value), _ in fields)
        return name, f"{name}({given})"


@st.composite
def types(draw, definitions, depth=2):
    """Return the source of a type, and of a value of it."""
    kinds = ["leaf", "list", "mapping", "optional", "tuple", "class"]
    kind = draw(st.sampled_from(kinds)) if depth else "leaf"
    if kind == "leaf":
        return draw(st.sampled_from(LEAVES))
    if kind == "class":
        names = draw(st.lists(NAMES, min_size=1, max_size=3, unique=True))
        fields = [(n, draw(types(definitions, depth - 1)), draw(OPTIONS)) for n in names]
        form = draw(st.sampled_from(["BaseModel", "TypedDict", "dataclass", "NamedTuple"]))
        return definitions.add(form, fields)
    inner, value = draw(types(definitions, depth - 1))
    if kind == "list":
        return f"list[{inner}]", f"[{value}, {value}]"
    if kind == "mapping":
        return f"dict[str, {inner}]", f"{{'k': {value}}}"
    if kind == "tuple":
        return f"tuple[{inner}, int]", f"({value}, 1)"
    return f"Optional[{inner}]", value


@settings(max_examples=60, deadline=None, suppress_health_check=[*HealthCheck])
@given(st.data())
def test_documents_and_responses_of_random_types_agree(serve, data):
    definitions = Definitions()
    kind, value = data.draw(types(definitions))
    source = f"{HEAD}\n{definitions.source}\nT = {kind}\nexample = {value}\n"
    check_all(serve(source))
