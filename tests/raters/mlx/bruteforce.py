"""Probabilities of answers without any of the rater's shortcuts: one whole pass a spelling, no caches, no sharing."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from raters.mlx.references import whole
from vlmrate.raters.mlx.prompt import picture_first

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from PIL.Image import Image

    from vlmrate.raters.base import OptionProbabilities
    from vlmrate.raters.mlx.loading import LoadedModel
    from vlmrate.study.records import Item

START = ("", " ")


class BruteForce:
    """Probabilities by whole passes over prompt and answer, one a sequence."""

    def __init__(self, loaded: LoadedModel, picture: Image, prompt: str) -> None:
        self._loaded, self._picture = loaded, picture
        self._written = picture_first(loaded.processor, loaded.name)(prompt)

    def tokens(self, text: str) -> tuple[int, ...]:
        """A text's ids."""
        return tuple(self._loaded.processor.tokenizer(text, add_special_tokens=False)["input_ids"])

    def rows(self, said: Sequence[int]) -> np.ndarray:
        """Log-probabilities of what comes next, after the prompt alone and after every token of `said`."""
        two_way = self._loaded.kind == "gemma3"
        return whole(self._loaded, self._picture, self._written, said, two_way=two_way)

    def of(self, text: str, before: Sequence[int] = ()) -> float:
        """Probability of a text's tokens after the prompt and `before`."""
        way = self.tokens(text)
        rows = self.rows([*before, *way])[len(before) :]
        return math.exp(sum(rows[i][token] for i, token in enumerate(way)))

    def masses(self, item: Item, leads: Sequence[str] = START, before: Sequence[int] = ()) -> dict[str, float]:
        """Each label's probability summed over what may stand before it and over both its cases."""
        return {
            answer: sum(
                self.of(lead + form, before) for lead in leads for form in sorted({answer, answer.capitalize()})
            )
            for answer in item.answers
        }


def agree(found: OptionProbabilities | None, masses: Mapping[str, float]) -> None:
    """The rater's probabilities are the masses' shares, and its valid mass is their sum."""
    assert found is not None
    total = sum(masses.values())
    assert 0 < found.valid_mass <= 1
    assert found.valid_mass == pytest.approx(total, rel=1e-4)
    assert sum(found.probabilities.values()) == pytest.approx(1.0, abs=1e-12)
    assert dict(found.probabilities) == pytest.approx({a: m / total for a, m in masses.items()}, rel=1e-4)
