"""What can be named after `--model`: a rater before it is made, and how it shall be asked.

Every kind of rater (MLX, a server, a network, a plug-in) has a class of its own that derives from `Model`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from pydantic import ValidationError

from vlmrate.errors import RaterError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from vlmrate.raters.base import Rater
    from vlmrate.records import Record
    from vlmrate.study.records import Item

Fidelity = Literal["reference", "mlx-vlm"]
PathChoice = Literal["auto", "shared", "plain"]


@dataclass(frozen=True, slots=True)
class Request:
    """How a rater shall be asked. What is None is left to the model; not every kind of rater knows every wish.

    `items` are those of the study, for raters that answer by themselves; `likely_prompts` are read for what they have
    in common. `parallel` is how many pictures may be in hand at once, `url` a server's address.
    """

    items: tuple[Item, ...] = ()
    likely_prompts: tuple[str, ...] = ()
    fidelity: Fidelity | None = None
    path: PathChoice | None = None
    temperature: float | None = None
    thinking_tokens: int | None = None
    parallel: int | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Named:
    """A name as typed after `--model` ("server:local"), in parts ("server" and "local").

    `values` are what models.yaml (`file`) says under that name, None where it says nothing.
    """

    name: str
    kind: str
    rest: str
    values: object = None
    file: Path | None = None


class Model(ABC):
    """A rater that can be asked for by name, before it is made. Nothing is loaded until `make`."""

    native = False
    """Whether it answers by itself, without being asked in words; such a rater needs no protocol."""

    def __init__(self, name: str) -> None:
        self.name = name

    @property
    @abstractmethod
    def kind(self) -> str:
        """What kind of rater it is, in a word."""

    @property
    @abstractmethod
    def source(self) -> str:
        """Where it comes from, for people."""

    @abstractmethod
    def make(self, requests: Sequence[Request]) -> tuple[Rater, ...]:
        """One rater a request, sharing what they can.

        Raises:
            RaterError: Something that it needs is missing, or a request asks for what it cannot do.
        """

    def missing(self) -> str | None:
        """What it still needs on this machine, in one sentence that says what to do; None when it is ready."""
        return None

    def remedy(self) -> str | None:
        """The command that brings what is missing; None where nothing is, or no command does."""
        return None

    def warning(self) -> str | None:
        """What to say before it is made, such as that memory is short; None where there is nothing."""
        return None

    @property
    def rater_name(self) -> str:
        """The name that its ratings are stored under, unless another is given."""
        return self.name.rpartition(":")[2].rstrip("/").rpartition("/")[2]

    @property
    def temperature(self) -> float:
        """The temperature it answers at unless another is asked for."""
        return 0.0

    @property
    def priced(self) -> bool:
        """Whether it is known what its answers cost."""
        return False

    def answers(self, items: Sequence[Item]) -> tuple[Item, ...]:
        """Those of a study's items that it can answer; a rater that is asked in words can try them all.

        Raises:
            RaterError: It can answer none.
        """
        return tuple(items)

    @property
    def about(self) -> Mapping[str, str]:
        """What is known of it beside what decides its answers: name, family, number of parameters."""
        return {}

    @property
    def note(self) -> str | None:
        """What people should know before they use it."""
        return None

    @property
    def size(self) -> str:
        """Its number of parameters, for people; blank where unknown."""
        return ""

    @property
    def quantisation(self) -> str:
        """How its weights are quantised, for people; blank where unknown."""
        return ""

    def _refuse_unknown(self, request: Request, known: Sequence[str]) -> None:
        """Refuse a request that asks for more than the fields `known` (`items` and `likely_prompts` always are).

        Raises:
            RaterError: It does; the message names the option.
        """
        always = ("items", "likely_prompts")
        for field in fields(request):
            if field.name not in (*always, *known) and getattr(request, field.name) is not None:
                option = field.name.replace("_", "-")
                raise RaterError(
                    f"--{option} does not apply to {self.name} (a rater of kind {self.kind}); leave it out"
                )


Kind = Callable[[Named], Model]
"""What makes a `Model` of a name; raises RaterError where the name or its entry cannot be used."""

RecordT = TypeVar("RecordT", bound="Record")


def entry_of(named: Named, record: type[RecordT]) -> RecordT:
    """What models.yaml says under a name, as a record.

    Raises:
        RaterError: It says nothing, or has a mistake; the message names the file, the model and the key.
    """
    if named.values is None:
        raise RaterError(f"models.yaml has no entry {named.name!r}; `vlmrate models` lists those that it has")
    try:
        return record.model_validate(named.values)
    except ValidationError as error:
        first: Any = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise RaterError(f"{named.file}: model {named.name}{', key ' + key if key else ''}: {first['msg']}") from None
