"""Types that a model may declare, as Python source of a type `T` and an `example` of it."""

HEAD = """
import datetime, decimal, enum, ipaddress, pathlib, re, typing, uuid
from collections import OrderedDict, deque, defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import *
from typing_extensions import TypeAliasType, TypedDict, NotRequired, Required, ReadOnly
import annotated_types
import pydantic
from annotated_types import Ge, Gt, Len, MultipleOf
from pydantic import *
from pydantic_core import core_schema
import dataclasses
"""

# One expression for the type, one for the example.
EXPRESSIONS = {
    "text": ("str", "'a'"),
    "integer": ("int", "1"),
    "number": ("float", "1.5"),
    "boolean": ("bool", "True"),
    "none": ("None", "None"),
    "any": ("Any", "{'a': [1, None]}"),
    "object": ("object", "1"),
    "bytes": ("bytes", "b'\\xff\\x00a'"),
    "text bytes": ("bytes", "b'abc'"),
    "base64 bytes": ("Base64Bytes", "TypeAdapter(Base64Bytes).validate_python(b'/wBh')"),
    "base64 url bytes": ("Base64UrlBytes", "TypeAdapter(Base64UrlBytes).validate_python(b'_wBh')"),
    "base64 text": ("Base64Str", "TypeAdapter(Base64Str).validate_python('YWJj')"),
    "list of bytes": ("list[bytes]", "[b'\\xff', b'']"),
    "bytes or none": ("bytes | None", "b'\\xff'"),
    "mapping of bytes": ("dict[str, bytes]", "{'a': b'\\xff'}"),
    "bytearray": ("bytearray", "bytearray(b'\\xff')"),
    "long bytes": ("Annotated[bytes, Len(1, 9)]", "b'\\xff'"),
    "date": ("datetime.date", "datetime.date(2026, 1, 2)"),
    "datetime": ("datetime.datetime", "datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC)"),
    "time": ("datetime.time", "datetime.time(1, 2)"),
    "timedelta": ("datetime.timedelta", "datetime.timedelta(1)"),
    "uuid": ("uuid.UUID", "uuid.UUID(int=7)"),
    "decimal": ("decimal.Decimal", "decimal.Decimal('1.50')"),
    "list of decimals": ("list[decimal.Decimal]", "[decimal.Decimal('1.50')]"),
    "path": ("pathlib.Path", "pathlib.Path('a/b')"),
    "url": ("HttpUrl", "HttpUrl('https://example.org/')"),
    "any url": ("AnyUrl", "AnyUrl('redis://example.org/')"),
    "ip": ("ipaddress.IPv4Address", "ipaddress.ip_address('127.0.0.1')"),
    "ip network": ("IPvAnyNetwork", "ipaddress.ip_network('127.0.0.0/8')"),
    "secret text": ("SecretStr", "SecretStr('a')"),
    "secret bytes": ("SecretBytes", "SecretBytes(b'a')"),
    "secret number": ("Secret[int]", "Secret[int](3)"),
    "pattern": ("re.Pattern[str]", "re.compile('a+')"),
    "complex": ("complex", "1j"),
    "byte size": ("ByteSize", "ByteSize(10)"),
    "json text": ("Json[list[int]]", "[1]"),
    "json anything": ("Json", "[1]"),
    "literal": ("Literal['a', 'b']", "'a'"),
    "mixed literal": ("Literal['a', 1, None]", "1"),
    "union": ("int | str", "'a'"),
    "optional": ("str | None", "'a'"),
    "optional none": ("str | None", "None"),
    "optional list": ("list[int] | None", "[1]"),
    "list": ("list[float]", "[1.0, 2.0]"),
    "empty list": ("list[float]", "[]"),
    "list of lists": ("list[list[int]]", "[[1], [2]]"),
    "ragged": ("list[list[int]]", "[[1], []]"),
    "bare list": ("list", "[1, 'a']"),
    "tuple": ("tuple[float, str]", "(1.0, 'a')"),
    "tuple of one kind": ("tuple[float, float]", "(1.0, 2.0)"),
    "variadic tuple": ("tuple[int, ...]", "(1, 2)"),
    "empty tuple": ("tuple[()]", "()"),
    "set": ("set[int]", "{1}"),
    "frozenset": ("frozenset[str]", "frozenset({'a'})"),
    "sequence": ("Sequence[int]", "[1]"),
    "deque": ("deque[int]", "deque([1])"),
    "mapping": ("dict[str, float]", "{'a': 1.0}"),
    "mapping of integers": ("dict[int, float]", "{1: 1.0}"),
    "mapping of dates": ("dict[datetime.date, int]", "{datetime.date(2026, 1, 2): 1}"),
    "mapping of tuples": ("dict[tuple[int, int], str]", "{(1, 2): 'a'}"),
    "abstract mapping": ("Mapping[str, int]", "{'a': 1}"),
    "default mapping": ("defaultdict[str, int]", "defaultdict(int, {'a': 1})"),
    "constrained number": ("Annotated[float, Ge(0), MultipleOf(0.5)]", "1.5"),
    "constrained text": ("Annotated[str, Field(pattern='^a+$', max_length=3)]", "'aa'"),
    "constrained list": ("Annotated[list[float], Len(2, 2)]", "[1.0, 2.0]"),
    "fixed matrix": ("Annotated[list[Annotated[list[int], Len(2, 2)]], Len(1, 1)]", "[[1, 2]]"),
    "described text": ("Annotated[str, Field(description='d', examples=['x'], title='Q')]", "'a'"),
    "strict number": ("StrictInt", "1"),
    "finite number": ("FiniteFloat", "1.5"),
    "email-like": ("Annotated[str, StringConstraints(to_lower=True)]", "'a'"),
    "new type": ("NewType('Score', float)", "1.5"),
    "aware datetime": ("AwareDatetime", "datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC)"),
    "past date": ("PastDate", "datetime.date(2020, 1, 2)"),
    "after validator": ("Annotated[int, AfterValidator(lambda v: v + 1)]", "1"),
    "before validator": ("Annotated[int, BeforeValidator(lambda v: v)]", "1"),
    "plain validator": ("Annotated[int, PlainValidator(lambda v: int(v))]", "1"),
    "plain serializer": (
        "Annotated[float, PlainSerializer(lambda v: f'{v:.2f}', return_type=str)]",
        "1.5",
    ),
    "untyped serializer": ("Annotated[float, PlainSerializer(lambda v: f'{v:.2f}')]", "1.5"),
    "wrap serializer": (
        "Annotated[int, WrapSerializer(lambda v, handler: handler(v), when_used='json')]",
        "1",
    ),
    "callable": ("Callable[[int], int]", "abs"),
    "type": ("type[int]", "int"),
    "iterable": ("Iterable[int]", "[1]"),
    "arbitrary class": ("threading.Lock" if False else "re.Match", "None"),
    "instance of": ("InstanceOf[int]", "1"),
    "skip validation": ("SkipValidation[int]", "1"),
    "json value": ("JsonValue", "{'a': [1]}"),
    "datatypes": ("__import__('src.models.datatypes', fromlist=['*']).UINT8", "7"),
    "half float": ("__import__('src.models.datatypes', fromlist=['*']).FP16", "0.5"),
}

# Source that defines `T` and `example`.
DEFINITIONS = {
    "class": """
class T(BaseModel):
    a: int
    b: str = "x"
    c: list[float] = [1.0]
    d: str | None = None
example = T(a=1)
""",
    "class without fields": "class T(BaseModel): pass\nexample = T()",
    "nested classes": """
class Inner(BaseModel):
    a: int
class T(BaseModel):
    one: Inner
    many: list[Inner]
    by_name: dict[str, Inner] = {}
example = T(one=Inner(a=1), many=[Inner(a=2)])
""",
    "tagged union": """
class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int
class Dog(BaseModel):
    kind: Literal["dog"]
    name: str
T = Annotated[Cat | Dog, Field(discriminator="kind")]
example = Cat(kind="cat", lives=9)
""",
    "list of a tagged union": """
class Cat(BaseModel):
    kind: Literal["cat"]
class Dog(BaseModel):
    kind: Literal["dog"]
T = list[Annotated[Cat | Dog, Field(discriminator="kind")]]
example = [Cat(kind="cat"), Dog(kind="dog")]
""",
    "tagged union in a field": """
class Cat(BaseModel):
    kind: Literal["cat"] = "cat"
class Dog(BaseModel):
    kind: Literal["dog"] = "dog"
class T(BaseModel):
    pet: Annotated[Cat | Dog, Field(discriminator="kind")]
example = T(pet=Dog())
""",
    "union by a callable": """
class Cat(BaseModel):
    lives: int
class Dog(BaseModel):
    name: str
def tell(value):
    fields = value if isinstance(value, dict) else value.__dict__
    return "cat" if "lives" in fields else "dog"
T = Annotated[
    Annotated[Cat, Tag("cat")] | Annotated[Dog, Tag("dog")], Discriminator(tell)
]
example = Dog(name="a")
""",
    "plain union of classes": """
class Cat(BaseModel):
    lives: int
class Dog(BaseModel):
    name: str
T = Cat | Dog
example = Dog(name="a")
""",
    "optional class": "class A(BaseModel):\n    a: int\nT = A | None\nexample = A(a=1)",
    "recursive class": """
class T(BaseModel):
    value: int
    children: list["T"] = []
example = T(value=1, children=[T(value=2)])
""",
    "recursive whole": """
class Tree(BaseModel):
    children: list["Tree"] = []
T = list[Tree]
example = [Tree(children=[Tree()])]
""",
    "recursive alias": "T = TypeAliasType('T', 'list[T] | int')\nexample = [[1], 2]",
    "recursive mapping alias": "T = TypeAliasType('T', 'dict[str, T]')\nexample = {'a': {}}",
    "recursive dataclass": """
@dataclasses.dataclass
class T:
    value: int
    next: "T | None" = None
example = T(1, T(2))
""",
    "mutually recursive": """
class A(BaseModel):
    b: "B | None" = None
class B(BaseModel):
    a: A | None = None
A.model_rebuild()
T = A
example = A(b=B(a=A()))
""",
    "alias type": "T = TypeAliasType('T', dict[str, int])\nexample = {'a': 1}",
    "generic class": """
K = TypeVar("K")
class Box(BaseModel, Generic[K]):
    item: K
T = Box[list[int]]
example = T(item=[1])
""",
    "two generics": """
K = TypeVar("K")
class Box(BaseModel, Generic[K]):
    item: K
class T(BaseModel):
    a: Box[int]
    b: Box[str]
example = T(a=Box[int](item=1), b=Box[str](item="x"))
""",
    "typed dict": """
class T(TypedDict):
    a: int
    b: NotRequired[str]
example = {"a": 1}
""",
    "partial typed dict": "class T(TypedDict, total=False):\n    a: int\nexample = {}",
    "dataclass": """
@dataclasses.dataclass
class T:
    a: int
    b: list[float] = dataclasses.field(default_factory=list)
example = T(1, [1.0])
""",
    "pydantic dataclass": """
@pydantic.dataclasses.dataclass
class T:
    a: int
    b: str = "x"
example = T(1)
""".replace("pydantic.dataclasses", "__import__('pydantic.dataclasses').dataclasses"),
    "named tuple": "class T(NamedTuple):\n    a: int\n    b: str\nexample = T(1, 'x')",
    "named tuple of numbers": "class T(NamedTuple):\n    a: float\n    b: float\nexample = T(1, 2)",
    "list of named tuples": (
        "class P(NamedTuple):\n    a: float\n    b: float\nT = list[P]\nexample = [P(1, 2)]"
    ),
    "enum": "class T(enum.Enum):\n    A = 'a'\n    B = 'b'\nexample = T.A",
    "integer enum": "class T(enum.IntEnum):\n    A = 1\n    B = 2\nexample = T.A",
    "text enum": "class T(enum.StrEnum):\n    A = 'a'\nexample = T.A",
    "mixed enum": "class T(enum.Enum):\n    A = 'a'\n    B = 2\nexample = T.B",
    "flag": "class T(enum.IntFlag):\n    A = 1\n    B = 2\nexample = T.A",
    "field of an enum": """
class Kind(enum.Enum):
    A = "a"
class T(BaseModel):
    kind: Kind = Kind.A
    kinds: list[Kind] = []
example = T()
""",
    "root model": "class T(RootModel[list[int]]): pass\nexample = T([1])",
    "root model of a mapping": "class T(RootModel[dict[str, int]]): pass\nexample = T({'a': 1})",
    "root model of a class": (
        "class A(BaseModel):\n    a: int\nclass T(RootModel[A]): pass\nexample = T(A(a=1))"
    ),
    "alias": "class T(BaseModel):\n    a: int = Field(alias='theA')\nexample = T(theA=1)",
    "serialization alias": """
class T(BaseModel):
    a: int = Field(serialization_alias="theA")
example = T(a=1)
""",
    "validation alias": """
class T(BaseModel):
    a: int = Field(validation_alias="theA")
example = T(theA=1)
""",
    "both aliases": """
class T(BaseModel):
    a: int = Field(validation_alias="in_a", serialization_alias="out_a")
example = T(in_a=1)
""",
    "alias choices": """
class T(BaseModel):
    a: int = Field(validation_alias=AliasChoices("x", "y"))
example = T(y=1)
""",
    "alias path": """
class T(BaseModel):
    a: int = Field(validation_alias=AliasPath("x", 0))
example = T(x=[1])
""",
    "alias generator": """
class T(BaseModel):
    model_config = ConfigDict(alias_generator=str.upper)
    a: int
    b: list[float] = []
example = T(A=1)
""",
    "alias generator and names": """
class T(BaseModel):
    model_config = ConfigDict(alias_generator=str.upper, populate_by_name=True)
    a: int
    b: int = 2
example = T(a=1)
""",
    "serialize by alias off": """
class T(BaseModel):
    model_config = ConfigDict(serialize_by_alias=False, validate_by_name=True)
    a: int = Field(alias="theA")
example = T(a=1)
""",
    "aliases of a nested class": """
class A(BaseModel):
    a: int = Field(serialization_alias="theA")
class T(BaseModel):
    inner: A
    others: list[A] = []
example = T(inner=A(a=1), others=[A(a=2)])
""",
    "alias of a dataclass": """
@__import__('pydantic.dataclasses').dataclasses.dataclass
class T:
    a: int = Field(serialization_alias="theA")
example = T(a=1)
""",
    "alias of a typed dict": """
class T(TypedDict):
    a: Annotated[int, Field(serialization_alias="theA")]
example = {"a": 1}
""",
    "excluded field": """
class T(BaseModel):
    a: int
    hidden: int = Field(default=3, exclude=True)
example = T(a=1)
""",
    "needed excluded field": """
class T(BaseModel):
    a: int
    hidden: int = Field(exclude=True)
example = T(a=1, hidden=2)
""",
    "excluded sometimes": """
class T(BaseModel):
    a: int
    b: int = Field(default=0, exclude_if=lambda v: v == 0)
example = T(a=1)
""",
    "computed field": """
class T(BaseModel):
    a: int
    @computed_field
    @property
    def double(self) -> int:
        return 2 * self.a
example = T(a=1)
""",
    "only computed fields": """
class T(BaseModel):
    a: int = Field(exclude=True)
    @computed_field(alias="twice")
    @property
    def double(self) -> list[int]:
        return [self.a, self.a]
example = T(a=1)
""",
    "field serializer": """
class T(BaseModel):
    a: int
    @field_serializer("a")
    def write(self, value) -> str:
        return f"<{value}>"
example = T(a=1)
""",
    "untyped field serializer": """
class T(BaseModel):
    a: int
    @field_serializer("a")
    def write(self, value):
        return f"<{value}>"
example = T(a=1)
""",
    "model serializer": """
class T(BaseModel):
    a: int
    @model_serializer
    def write(self) -> dict[str, str]:
        return {"x": str(self.a)}
example = T(a=1)
""",
    "untyped model serializer": """
class T(BaseModel):
    a: int
    @model_serializer
    def write(self):
        return {"x": str(self.a)}
example = T(a=1)
""",
    "wrapping model serializer": """
class T(BaseModel):
    a: int
    @model_serializer(mode="wrap")
    def write(self, handler) -> dict[str, int]:
        return {**handler(self), "more": 1}
example = T(a=1)
""",
    "model serializer to text": """
class T(BaseModel):
    a: int
    @model_serializer
    def write(self) -> str:
        return str(self.a)
example = T(a=1)
""",
    "model validator": """
class T(BaseModel):
    a: int
    @model_validator(mode="before")
    @classmethod
    def read(cls, value):
        return {"a": 1} if value == {} else value
example = T(a=1)
""",
    "two classes of one name": """
def make(kind):
    class Item(BaseModel):
        value: kind
    return Item
A, B = make(int), make(str)
class T(BaseModel):
    a: A
    b: B
example = T(a=A(value=1), b=B(value="x"))
""",
    "classes named as ours": """
class Problem(BaseModel):
    mine: int
class PredictRequest(BaseModel):
    mine: str
class PredictResponse(BaseModel):
    mine: float
class BatchRequest(BaseModel):
    mine: bool
class Info(BaseModel):
    mine: list[int]
class ItemError(BaseModel):
    mine: int
class Failure(BaseModel):
    mine: int
class InferenceResponse(BaseModel):
    mine: int
class GenerateResponse(BaseModel):
    mine: int
class HTTPValidationError(BaseModel):
    mine: int
class T(BaseModel):
    a: Problem
    b: PredictRequest
    c: PredictResponse
    d: BatchRequest
    e: Info
    f: ItemError
    g: Failure
    h: InferenceResponse
    i: GenerateResponse
    j: HTTPValidationError
example = T(a=Problem(mine=1), b=PredictRequest(mine="x"), c=PredictResponse(mine=1.0),
            d=BatchRequest(mine=True), e=Info(mine=[1]), f=ItemError(mine=1), g=Failure(mine=1),
            h=InferenceResponse(mine=1), i=GenerateResponse(mine=1), j=HTTPValidationError(mine=1))
""",
    "class named as our request": """
class PredictRequest(BaseModel):
    input: int
T = PredictRequest
example = T(input=1)
""",
    "class named as our problem": """
class Problem(BaseModel):
    input: int
T = Problem
example = T(input=1)
""",
    "class named as v2's own": """
class InferenceRequest(BaseModel):
    input: int
T = InferenceRequest
example = T(input=1)
""",
    "titled class": """
class T(BaseModel):
    model_config = ConfigDict(title="Über / Test")
    a: int
example = T(a=1)
""",
    "schema extra": """
class T(BaseModel):
    model_config = ConfigDict(json_schema_extra={"examples": [{"a": 7}]})
    a: int
example = T(a=1)
""",
    "forbidding class": """
class T(BaseModel):
    model_config = ConfigDict(extra="forbid")
    a: int
example = T(a=1)
""",
    "allowing class": """
class T(BaseModel):
    model_config = ConfigDict(extra="allow")
    a: int
example = T(a=1, b=2)
""",
    "typed extra": """
class T(BaseModel):
    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, int]
example = T(b=2)
""",
    "frozen strict class": """
class T(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True)
    a: datetime.date
    b: tuple[int, ...]
example = T(a=datetime.date(2026, 1, 2), b=(1,))
""",
    "bytes in a field": """
class T(BaseModel):
    image: bytes
    name: str = "x"
example = T(image=b"\\xff\\x00")
""",
    "base64 in a field": """
class T(BaseModel):
    image: Base64Bytes
    name: str = "x"
example = T(image=b"/wA=")
""",
    "bytes as base64 by configuration": """
class T(BaseModel):
    model_config = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")
    image: bytes
    name: str = "x"
example = T(image=b"\\xff\\x00")
""",
    "bytes as hex by configuration": """
class T(BaseModel):
    model_config = ConfigDict(ser_json_bytes="hex", val_json_bytes="hex")
    image: bytes
example = T(image=b"\\xff\\x00")
""",
    "bytes of nested classes": """
class Image(BaseModel):
    data: bytes
class T(BaseModel):
    images: list[Image]
    by_name: dict[str, bytes] = {}
    perhaps: bytes | None = None
example = T(images=[Image(data=b"\\xff")], by_name={"a": b"\\xfe"})
""",
    "bytes of a dataclass": """
@dataclasses.dataclass
class T:
    image: bytes
example = T(b"\\xff")
""",
    "secret in a field": """
class T(BaseModel):
    token: SecretStr
    a: int
example = T(token='t', a=1)
""",
    "custom core schema": """
class T:
    def __init__(self, value):
        self.value = value
    @classmethod
    def __get_pydantic_core_schema__(cls, source, handler):
        return core_schema.no_info_after_validator_function(
            cls, core_schema.int_schema(),
            serialization=core_schema.plain_serializer_function_ser_schema(
                lambda v: v.value, return_schema=core_schema.int_schema()))
example = T(1)
""",
    "custom instance schema": """
class T:
    @classmethod
    def __get_pydantic_core_schema__(cls, source, handler):
        return core_schema.is_instance_schema(cls)
example = T()
""",
    "custom json schema": """
class T:
    def __init__(self, value):
        self.value = value
    def __eq__(self, other):
        return self.value == other.value
    @classmethod
    def __get_pydantic_core_schema__(cls, source, handler):
        return core_schema.json_or_python_schema(
            json_schema=core_schema.no_info_after_validator_function(cls, core_schema.str_schema()),
            python_schema=core_schema.is_instance_schema(cls),
            serialization=core_schema.plain_serializer_function_ser_schema(lambda v: v.value))
    @classmethod
    def __get_pydantic_json_schema__(cls, schema, handler):
        return {"type": "string", "format": "mine"}
example = T("a")
""",
    "no core schema": "class T: pass\nexample = T()",
    "class of a type without schema": """
class Own: pass
class T(BaseModel):
    model_config = ConfigDict(arbitrary_types_allowed=True)
    a: Own
example = T(a=Own())
""",
    "forward reference": """
class T(BaseModel):
    later: "Later"
class Later(BaseModel):
    a: int
T.model_rebuild()
example = T(later=Later(a=1))
""",
    "forward reference that is rebuilt later": """
class T(BaseModel):
    later: "Later"
class Later(BaseModel):
    a: int
example = None
""",
    "undefined forward reference": "class T(BaseModel):\n    later: 'NotThere'\nexample = None",
    "model named fields": """
class T(BaseModel):
    model_config = ConfigDict(protected_namespaces=())
    model_name: str
    input: int
    prediction: float
    id: str = "x"
    schema_: int = Field(default=1, alias="schema")
example = T(model_name="a", input=1, prediction=1.5)
""",
    "odd names": """
class T(BaseModel):
    a: int = Field(alias="a b/c~d")
    b: int = Field(alias="$ref")
    c: int = Field(alias="é")
example = T(**{"a b/c~d": 1, "$ref": 2, "é": 3})
""",
    "text input": """
class T(BaseModel):
    text_input: str
    n: int = 1
example = T(text_input='a')
""",
    "class of enums and dates": """
class T(BaseModel):
    when: datetime.datetime
    who: uuid.UUID
    how: decimal.Decimal
    where: ipaddress.IPv4Address
    scores: dict[int, float]
example = T(
    when="2026-01-02T00:00:00Z", who=uuid.UUID(int=7), how="1.5", where="127.0.0.1",
    scores={1: 2},
)
""",
    "default that is not valid json": """
class T(BaseModel):
    a: float = float('inf')
example = T(a=1)
""",
    "default factory": """
class T(BaseModel):
    a: uuid.UUID = Field(default_factory=uuid.uuid4)
example = T()
""",
    "discriminated root": """
class Cat(BaseModel):
    kind: Literal["cat"]
class Dog(BaseModel):
    kind: Literal["dog"]
class T(RootModel[Annotated[Cat | Dog, Field(discriminator="kind")]]): pass
example = T(Cat(kind="cat"))
""",
    "tagged union by alias": """
class Cat(BaseModel):
    kind: Literal["cat"] = Field(alias="petType")
class Dog(BaseModel):
    kind: Literal["dog"] = Field(alias="petType")
T = Annotated[Cat | Dog, Field(discriminator="kind")]
example = Cat(petType="cat")
""",
    "optional tagged union": """
class Cat(BaseModel):
    kind: Literal["cat"]
class Dog(BaseModel):
    kind: Literal["dog"]
T = Annotated[Cat | Dog, Field(discriminator="kind")] | None
example = Dog(kind="dog")
""",
    "nested tagged unions": """
class Red(BaseModel):
    kind: Literal["cat"]
    color: Literal["red"]
class Black(BaseModel):
    kind: Literal["cat"]
    color: Literal["black"]
class Dog(BaseModel):
    kind: Literal["dog"]
Cat = Annotated[Red | Black, Field(discriminator="color")]
T = Annotated[Cat | Dog, Field(discriminator="kind")]
example = Black(kind="cat", color="black")
""",
}


# The model's result for a type whose values a model does not return.
RESULTS = {
    "base64 bytes": "b'/wBh'",
    "base64 url bytes": "b'_wBh'",
    "base64 text": "'YWJj'",
    "json text": "'[1]'",
    "json anything": "'[1]'",
    "custom core schema": "2",
    "base64 in a field": "{'image': b'/wA=', 'name': 'x'}",
}


def sources() -> dict[str, str]:
    """Return the source of every case, by its name."""
    short = {
        name: f"{HEAD}\nT = {kind}\nexample = {example}\n"
        for name, (kind, example) in EXPRESSIONS.items()
    }
    whole = short | {name: f"{HEAD}\n{source}" for name, source in DEFINITIONS.items()}
    return {
        name: f"{source}\nresult = {RESULTS[name]}\n" if name in RESULTS else source
        for name, source in whole.items()
    }
