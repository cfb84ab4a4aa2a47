"""What every rater is: something that looks at images and answers questions about them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from vlmrate.protocol.parser import Given
    from vlmrate.protocol.records import Question

Settings = dict[str, str | int | float | bool | None]


@dataclass(frozen=True, slots=True)
class OptionProbabilities:
    """How likely the rater was to give each valid answer to one item.

    `probabilities` sum to one over the item's answers; `valid_mass` in [0, 1] is what they summed to before.
    `unlisted` are answers whose probability is not known, only that it is small: a server names the likeliest few.
    They count as 0.
    """

    probabilities: Mapping[str, float]
    valid_mass: float
    unlisted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reply:
    """What a rater said to one prompt, as said.

    `answer_tokens` count all tokens said, `reasoning_tokens` those of them that were reasoning (None: not known).
    `attempts` is how often it was asked until it answered, `cost` what that cost in the currency of its prices. `given`
    holds the answers of a rater that gives values instead of words; `refused` says that it declined to answer.
    """

    text: str
    sent_sha256: str
    prompt_tokens: int
    answer_tokens: int
    seconds: float
    finish: str
    attempts: int = 1
    reasoning: str | None = None
    options: Mapping[str, OptionProbabilities] = field(default_factory=dict)
    reasoning_tokens: int | None = None
    cost: float | None = None
    refused: bool = False
    given: Mapping[str, Given] | None = None


class View(Protocol):
    """A rater that has looked at one image and can be asked about it."""

    def ask(self, question: Question) -> Reply:
        """Answer one question about the image."""


class Rater(Protocol):
    """Anything that rates."""

    @property
    def settings(self) -> Settings:
        """All that decides its answers (model, digest, fidelity, decoding, …), as the manifest records it."""

    @property
    def workers(self) -> int:
        """How many pictures may be in hand at once, each in a thread of its own; 1: one after another, in the main."""

    def view(self, image: Path, seed: int) -> View:
        """Look at an image; `seed` drives whatever is random in the answers.

        Raises:
            ImageError: The picture cannot be read or is refused.
        """
