"""The shipped protocols' prompts, rendered for every answer that may be carried: the model's whole world of words."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from vlmrate.protocol.template import Scope, read_template
from vlmrate.resources import prompts_folder
from vlmrate.simulate.faces import EMOTIONS
from vlmrate.study.records import Item, Labels, Likert, Stimulus

if TYPE_CHECKING:
    from vlmrate.protocol.template import Template

DIGITS: tuple[int, ...] = tuple(range(1, 10))
EMOTION = Item("emotion", Labels(EMOTIONS))
VALENCE = Item("valence", Likert(1, 9, "extremely negative", "extremely positive"))
AROUSAL = Item("arousal", Likert(1, 9, "not at all aroused", "highly aroused"))
ITEMS = {item.name: item for item in (EMOTION, VALENCE, AROUSAL)}
CARRYING = ("context-carry", "human-wording", "context-carry-json")
NO_STIMULUS = Stimulus("", Path(), {})


@dataclass(frozen=True, slots=True)
class Prompt:
    """One question: which protocol and item, and what it carries (None: nothing)."""

    protocol: str
    item: str
    emotion: str | None = None
    valence: int | None = None

    @property
    def text(self) -> str:
        """The words sent to the model."""
        answers = {"emotion": str(self.emotion), "valence": str(self.valence)}
        return _template(self.protocol, self.item).render(answers, NO_STIMULUS)


def prompts_of(protocol: str) -> list[Prompt]:
    """Every prompt that a protocol can send, one for each answer that it may carry."""
    if protocol == "single-shot":
        return [Prompt(protocol, "all")]
    if protocol == "independent":
        return [Prompt(protocol, item) for item in ITEMS]
    carried = [(emotion, valence) for emotion in EMOTIONS for valence in DIGITS]
    return [
        Prompt(protocol, "emotion"),
        *(Prompt(protocol, "valence", emotion) for emotion in EMOTIONS),
        *(Prompt(protocol, "arousal", emotion, valence) for emotion, valence in carried),
    ]


def all_prompts() -> list[Prompt]:
    """Every prompt of every shipped protocol; oracle-carry's are those of context-carry."""
    return [prompt for protocol in (*CARRYING, "independent", "single-shot") for prompt in prompts_of(protocol)]


def json_answer(**values: object) -> str:
    """The answer to a prompt that asks for JSON: `{"valence": 7}`."""
    parts = (
        f'"{item}": "{value}"' if isinstance(value, str) else f'"{item}": {value}' for item, value in values.items()
    )
    return "{" + ", ".join(parts) + "}"


@cache
def _template(protocol: str, item: str) -> Template:
    names = tuple(ITEMS)
    earlier = names[: names.index(item)] if item in ITEMS else ()
    return read_template(prompts_folder() / protocol / f"{item}.txt", Scope(ITEMS, earlier, names, ()))
