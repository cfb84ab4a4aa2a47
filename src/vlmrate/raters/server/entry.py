"""What models.yaml says of a model behind a server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field, JsonValue, model_validator

from vlmrate.raters.server.picture import Packing, PictureFormat
from vlmrate.records import Record

if TYPE_CHECKING:
    from typing import Self

_TOKEN_FIELDS = frozenset({"max_tokens", "max_completion_tokens"})
_OWN_FIELDS = _TOKEN_FIELDS | {"model", "messages", "temperature", "seed", "logprobs", "top_logprobs", "stream", "n"}
_KEYS = frozenset(
    {"key", "apikey", "xapikey", "token", "accesstoken", "authtoken", "bearer", "secret", "clientsecret", "password",
     "authorization", "credentials"}
)  # fmt: skip
_NO_KEY_HERE = "a key does not belong into this file; set an environment variable to it and name that (key_env)"


def _not_own(name: str) -> str:
    """Refuse a field that vlmrate sets itself; of a name with dots its first part counts."""
    first = name.partition(".")[0]
    if first in _OWN_FIELDS:
        raise ValueError(f"{first} is not a further field: vlmrate sets it itself")
    return name


def _names_a_key(value: JsonValue) -> bool:
    """Whether a field, however deep, is called as keys are."""
    if isinstance(value, dict):
        return any(_is_key(name) or _names_a_key(inner) for name, inner in value.items())
    return isinstance(value, list) and any(map(_names_a_key, value))


def _is_key(name: str) -> bool:
    return name.lower().replace("-", "").replace("_", "") in _KEYS


def _further(body: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """Refuse fields that vlmrate sets itself, and keys: all fields of a request are recorded."""
    for name in body:
        _not_own(name)
    if _names_a_key(body):
        raise ValueError(_NO_KEY_HERE)
    return body


def _for_tokens(name: str) -> str:
    return name if name in _TOKEN_FIELDS else _not_own(name)


Body = Annotated[dict[str, JsonValue], AfterValidator(_further)]
"""Fields of a request as JSON: none that vlmrate sets itself, none that may hold a key."""


class PictureEntry(Record):
    """How pictures are sent.

    `detail` is OpenAI's, None where it is not sent. `format` is png (nothing lost), jpeg (at `quality`) or `as is`:
    the file itself, with whatever its camera wrote into it. Larger pictures than `max_side` pixels are made smaller.
    """

    detail: Literal["low", "high", "auto"] | None = None
    format: PictureFormat = "png"
    quality: int = Field(default=95, ge=1, le=100)
    max_side: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _as_is_means_untouched(self) -> Self:
        if self.format == "as is" and self.max_side is not None:
            raise ValueError("a picture sent as it is cannot be made smaller; leave out max_side or format")
        return self

    @property
    def packing(self) -> Packing:
        """How a picture becomes what is sent."""
        return Packing(self.format, self.quality, self.max_side)


class ThinkingEntry(Record):
    """How reasoning is switched: fields of the request for on and off, and where the budget in tokens stands.

    The keys are not called on and off because YAML reads these as true and false.

    `budget_field` names a field, with dots where it lies within others; None where the server knows no budget. What is
    None cannot be asked for.
    """

    switch_on: Body | None = None
    switch_off: Body | None = None
    budget_field: Annotated[str, AfterValidator(_not_own)] | None = None


class PriceEntry(Record):
    """Prices of a million tokens that are read and of a million that are said, reasoning among them."""

    input: float = Field(ge=0.0)
    output: float = Field(ge=0.0)
    currency: str = "USD"


class ServerEntry(Record):
    """One model of models.yaml that a server answers for.

    `model` is the server's name for it (None: the first that the server lists). `key_env` names the environment
    variable that holds the key, if there is one; the key itself never stands in the file. `temperature` and `detail`
    are not sent where they are None, `thinking_tokens` neither (the model does as it always does). `top_logprobs` is
    how many likeliest tokens to ask for at each place, 0 for none. `parallel` pictures are in hand at once, each
    question is tried `attempts` times, each time for at most `timeout` seconds. `extra` are further fields of the
    request.
    """

    url: str | None = None
    model: str | None = None
    key_env: str | None = Field(default=None, pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,99}$")
    picture: PictureEntry = PictureEntry()
    system: str | None = None
    temperature: float | None = Field(default=0.0, ge=0.0, le=2.0)
    max_tokens_text: int = Field(default=16, ge=1)
    max_tokens_json: int = Field(default=96, ge=1)
    max_tokens_field: Annotated[str, AfterValidator(_for_tokens)] = "max_tokens"
    send_seed: bool = True
    top_logprobs: int = Field(default=20, ge=0)
    thinking: ThinkingEntry | None = None
    thinking_tokens: int | None = Field(default=None, ge=0)
    extra: Body = Field(default_factory=dict)
    prices: PriceEntry | None = None
    parallel: int = Field(default=8, ge=1, le=1024)
    attempts: int = Field(default=6, ge=1, le=100)
    timeout: float = Field(default=120.0, gt=0.0)
    family: str | None = None
    parameters: str | None = None
    note: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _no_key(cls, values: object) -> object:
        if isinstance(values, dict) and any(_is_key(str(name)) for name in values):
            raise ValueError(_NO_KEY_HERE)
        return values
