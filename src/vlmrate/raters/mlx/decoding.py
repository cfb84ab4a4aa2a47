"""Speaking: the tokens a model says after a prompt, greedily or drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from vlmrate.raters.mlx.architecture import Architecture
    from vlmrate.raters.mlx.branch import Branch


@dataclass(frozen=True, slots=True)
class Decoding:
    """How answers are spoken. Temperature 0 takes the likeliest token each time; above, tokens are drawn.

    A model that thinks may reason for `thinking_tokens` before each answer, up to the mark `thinking_end`.
    """

    temperature: float = 0.0
    max_tokens_text: int = 16
    max_tokens_json: int = 96
    thinking_tokens: int = 0
    thinking_end: str = "</think>"


@dataclass(frozen=True, slots=True)
class Spoken:
    """Tokens said, without the mark that ended them; `finish` tells whether the model ended by itself."""

    tokens: tuple[int, ...]
    finish: Literal["stop", "length"]


def speak(
    architecture: Architecture,
    branch: Branch,
    *,
    stops: frozenset[int],
    temperature: float,
    max_tokens: int,
    seed: int,
) -> Spoken:
    """Say up to `max_tokens` tokens after a branch; the branch stays as it is."""
    import mlx.core as mx

    key = mx.random.key(seed)
    said: list[int] = []
    while True:
        key, draw = mx.random.split(key)
        token = _pick(branch.logits, temperature, draw)
        if token in stops:
            return Spoken(tuple(said), "stop")
        said.append(token)
        if len(said) == max_tokens:
            return Spoken(tuple(said), "length")
        branch = architecture.go_on(branch, [token])


def _pick(logits: Any, temperature: float, key: Any) -> int:
    import mlx.core as mx

    if temperature == 0.0:
        return _whole(mx.argmax(logits))
    return _whole(mx.random.categorical(logits / temperature, key=key))


def _whole(token: Any) -> int:
    return int(token.item())
