"""The shipped protocols' prompts, rendered for every answer that may be carried: the model's whole world of words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from vlmrate.resources import prompts_folder
from vlmrate.simulate.faces import EMOTIONS

DIGITS: tuple[int, ...] = tuple(range(1, 10))
VALUES = {
    "emotion.options": ", ".join(EMOTIONS),
    "valence.low": "1",
    "valence.high": "9",
    "valence.low_anchor": "extremely negative",
    "valence.high_anchor": "extremely positive",
    "arousal.low": "1",
    "arousal.high": "9",
    "arousal.low_anchor": "not at all aroused",
    "arousal.high_anchor": "highly aroused",
}
CARRYING = ("context-carry", "human-wording", "context-carry-json")
PLACEHOLDER = re.compile(r"\{\{|\}\}|\{([a-z_.]+)\}")


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
        values = VALUES | {
            "emotion": str(self.emotion),
            "intended.emotion": str(self.emotion),
            "valence": str(self.valence),
        }
        return _fill(_template(self.protocol, self.item), values)


def prompts_of(protocol: str) -> list[Prompt]:
    """Every prompt that a protocol can send, one for each answer that it may carry."""
    if protocol == "single-shot":
        return [Prompt(protocol, "all")]
    if protocol == "independent":
        return [Prompt(protocol, item) for item in ("emotion", "valence", "arousal")]
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
def _template(protocol: str, item: str) -> str:
    return (prompts_folder() / protocol / f"{item}.txt").read_text(encoding="utf-8").rstrip("\n")


def _fill(template: str, values: dict[str, str]) -> str:
    return PLACEHOLDER.sub(lambda match: values[match[1]] if match[1] else match[0][0], template)
