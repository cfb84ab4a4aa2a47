"""What every rater is: something that looks at images and answers questions about them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from vlmrate.protocol.records import Question

Settings = dict[str, str | int | float | bool | None]


@dataclass(frozen=True, slots=True)
class OptionProbabilities:
    """How likely the rater was to give each valid answer to one item.

    `probabilities` sum to one over the item's answers; `valid_mass` in [0, 1] is what they summed to before.
    """

    probabilities: Mapping[str, float]
    valid_mass: float


@dataclass(frozen=True, slots=True)
class Reply:
    """What a rater said to one prompt, as said."""

    text: str
    sent_sha256: str
    prompt_tokens: int
    answer_tokens: int
    seconds: float
    finish: str
    attempts: int = 1
    reasoning: str | None = None
    options: Mapping[str, OptionProbabilities] = field(default_factory=dict)


class View(Protocol):
    """A rater that has looked at one image and can be asked about it."""

    def ask(self, question: Question) -> Reply:
        """Answer one question about the image."""


class Rater(Protocol):
    """Anything that rates."""

    @property
    def settings(self) -> Settings:
        """All that decides its answers (model, digest, fidelity, decoding, …), as the manifest records it."""

    def view(self, image: Path, seed: int) -> View:
        """Look at an image; `seed` drives whatever is random in the answers.

        Raises:
            ImageError: The picture cannot be read or is refused.
        """
