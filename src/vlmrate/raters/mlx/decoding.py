"""Speaking: the tokens a model says after a prompt, greedily or drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from vlmrate.protocol.records import AnswerForm
    from vlmrate.raters.mlx.architecture import Continuing
    from vlmrate.raters.mlx.branch import Branch

Variable = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Decoding:
    """How answers are spoken. Temperature 0 takes the likeliest token each time; above, tokens are drawn.

    A model that thinks may reason for `thinking_tokens` before each answer (0: not at all), between the marks
    `thinking_begin` and `thinking_end`; one that thinks though it should not is let go on for `thinking_cap` tokens.
    `template` are the chat template's variables that switch thinking on or off as wanted; None where none are declared.
    """

    temperature: float = 0.0
    max_tokens_text: int = 16
    max_tokens_json: int = 96
    thinking_tokens: int = 0
    thinking_begin: str = "<think>"
    thinking_end: str = "</think>"
    thinking_cap: int = 1024
    template: Mapping[str, Variable] | None = None

    @property
    def thinks(self) -> bool:
        """Whether the model is asked to think."""
        return self.thinking_tokens > 0

    def most_tokens(self, form: AnswerForm) -> int:
        """How many tokens an answer of a form may have."""
        return self.max_tokens_json if form == "json" else self.max_tokens_text


@dataclass(frozen=True, slots=True)
class Spoken:
    """Tokens said, without the one that ended the turn; `finish` tells whether the model ended by itself, the tokens
    were spent, or what was waited for had been said."""

    tokens: tuple[int, ...]
    finish: Literal["stop", "length", "mark"]


def _never(_: Sequence[int]) -> bool:
    return False


def speak(
    architecture: Continuing,
    branch: Branch,
    *,
    stops: frozenset[int],
    temperature: float,
    max_tokens: int,
    seed: int,
    until: Callable[[Sequence[int]], bool] = _never,
) -> Spoken:
    """Say up to `max_tokens` tokens after a branch, or until `until` holds of those said; the branch stays as it is."""
    import mlx.core as mx

    key = mx.random.key(seed)
    said: list[int] = []
    while True:
        if temperature == 0.0:
            # Of logits that are there already numpy tells the largest without a turn of the model's own machinery.
            token = int(np.array(branch.logits).argmax())
        else:
            key, draw = mx.random.split(key)
            drawn: Any = mx.random.categorical(branch.logits / temperature, key=draw)
            token = int(drawn.item())
        if token in stops:
            return Spoken(tuple(said), "stop")
        said.append(token)
        if until(said):
            return Spoken(tuple(said), "mark")
        if len(said) == max_tokens:
            return Spoken(tuple(said), "length")
        branch = architecture.go_on(branch, [token])
