"""Raters of kind echo: they give back how light a picture is, loudly or softly."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import ImageStat

from vlmrate.raters import Given, Labels, Model, RaterError, Record, Reply, entry_of, open_image

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from vlmrate.raters import Item, Named, Question, Request, Settings

GAINS = {"loud": 2.0, "soft": 0.5}
WOBBLE = 0.02


class EchoEntry(Record):
    """What models.yaml may say of an echo: how far it goes from the middle of a scale."""

    gain: float


def echo_model(named: Named) -> EchoModel:
    """Make the model called echo:loud, echo:soft, or as an entry of models.yaml says."""
    if named.values is not None:
        return EchoModel(named.name, entry_of(named, EchoEntry).gain)
    if named.rest not in GAINS:
        raise RaterError(f"there is no echo called {named.rest!r}; there are {', '.join(GAINS)}")
    return EchoModel(named.name, GAINS[named.rest])


class EchoModel(Model):
    """An echo before it is made."""

    native = True

    def __init__(self, name: str, gain: float) -> None:
        super().__init__(name)
        self.gain = gain

    @property
    def kind(self) -> str:
        """What kind of rater it is, in a word."""
        return "echo"

    @property
    def source(self) -> str:
        """Where it comes from, for people."""
        return "the package echo-rater"

    @property
    def note(self) -> str:
        """What people should know before they use it."""
        return "sees nothing but how light a picture is"

    def make(self, requests: Sequence[Request]) -> tuple[EchoRater, ...]:
        """Make one rater a request."""
        for request in requests:
            self._refuse_unknown(request, known=())
        return tuple(EchoRater(self.gain) for _ in requests)


@dataclass(frozen=True)
class EchoRater:
    """An echo that rates."""

    gain: float
    workers: int = 1

    @property
    def settings(self) -> Settings:
        """All that decides its answers."""
        return {"kind": "echo", "gain": self.gain}

    def view(self, image: Path, seed: int) -> EchoView:
        """Look at a picture; the same seed gives the same echo again."""
        (lightness,) = ImageStat.Stat(open_image(image).convert("L")).mean
        loud = 0.5 + self.gain * (lightness / 255 - 0.5) + random.Random(seed).uniform(-WOBBLE, WOBBLE)
        return EchoView(hashlib.sha256(image.read_bytes()).hexdigest(), min(max(loud, 0.0), 1.0))


@dataclass(frozen=True)
class EchoView:
    """An echo that has looked at one picture; `echo` is from 0 (dark) to 1 (light)."""

    image_sha256: str
    echo: float

    def ask(self, question: Question) -> Reply:
        """Answer every item that is asked."""
        return Reply(
            text=f"{self.echo:.4f}",
            sent_sha256=self.image_sha256,
            prompt_tokens=0,
            answer_tokens=0,
            seconds=0.0,
            finish="given",
            given={item.name: Given(self._value(item)) for item in question.items},
        )

    def _value(self, item: Item) -> str | float:
        if isinstance(item.scale, Labels):
            options = item.scale.options
            return options[min(int(self.echo * len(options)), len(options) - 1)]
        return item.scale.low + self.echo * (item.scale.high - item.scale.low)
