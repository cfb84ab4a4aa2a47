"""Rows of a capture from texts: each is read as a turn of its own in the model's chat format, with no picture."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vlmrate.probe.inside import answer, inside
from vlmrate.probe.records import ArrayAbout, CaptureAbout
from vlmrate.probe.store import Row
from vlmrate.probe.taps import tapped
from vlmrate.raters.mlx.prompt import words_only
from vlmrate.raters.mlx.rater import tokens_sha256

if TYPE_CHECKING:
    from vlmrate.probe.concepts import Text
    from vlmrate.raters.mlx.rater import MlxRater

ANSWER = "answer"
"""The one array of a capture from texts."""


@dataclass(frozen=True, slots=True)
class TextRows:
    """Texts to be captured at the last token of their prompt, where the model would begin to answer."""

    model: str
    rater: MlxRater
    texts: tuple[Text, ...]

    @property
    def about(self) -> CaptureAbout:
        """What the file says of itself."""
        opened = inside(self.rater)
        return CaptureAbout(
            source="texts",
            model=self.model,
            model_digest=self.rater.loaded.digest,
            settings=self.rater.settings,
            arrays=(ArrayAbout(position="answer", layers=opened.layers, width=opened.width),),
            rows=tuple(text.row for text in self.texts),
            concepts=tuple(text.concept for text in self.texts),
        )

    def digest(self, number: int) -> bytes:
        """SHA-256 of a text."""
        return hashlib.sha256(self.texts[number].text.encode()).digest()

    def row(self, number: int) -> Row:
        """What is stored of one text."""
        import mlx.core as mx
        from mlx_vlm.models.cache import make_prompt_cache

        opened = inside(self.rater)
        loaded = self.rater.loaded
        ids = opened.tokens(words_only(loaded.processor, loaded.name)(self.texts[number].text))
        language = opened.model.language_model
        with tapped(opened, watch={ANSWER: answer(ids)}, picture=False) as taps:
            language.model(mx.array([ids]), cache=make_prompt_cache(language))
        return Row({ANSWER: taps.residuals(ANSWER)}, {ANSWER: bytes.fromhex(tokens_sha256(ids))}, self.digest(number))
