"""The FER rater: finds the face in a picture, shows it to a network, and gives what the network says."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from vlmrate.raters.base import Reply
from vlmrate.raters.fer.answers import no_face, read_outputs
from vlmrate.raters.fer.face import CASCADE, Face, cut_out
from vlmrate.raters.fer.network import to_tensor
from vlmrate.study.images import open_image

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from vlmrate.protocol.records import Question
    from vlmrate.raters.base import Settings
    from vlmrate.raters.fer.answers import Answers, Plan
    from vlmrate.raters.fer.entry import CropEntry, FerEntry, InputEntry, LabelsEntry, ScaleEntry
    from vlmrate.raters.fer.face import Detector
    from vlmrate.raters.fer.network import Network

_NOTHING = b""


@dataclass(frozen=True, slots=True)
class FerRater:
    """A network with all that it needs; `detector` is None where whole pictures are shown to it."""

    entry: FerEntry
    network: Network
    detector: Detector | None
    plan: Plan

    @property
    def settings(self) -> Settings:
        """All that decides its answers."""
        labels = self.entry.labels
        return {
            "kind": "fer",
            "model_digest": self.network.digest,
            "input": _input(self.entry.input),
            "detector": _detector(self.entry.crop),
            "margin": self.entry.crop.margin,
            "square": self.entry.crop.square,
            "resize": self.entry.crop.resize,
            "labels": None if labels is None else _labels(labels),
            "off_list": None if labels is None else labels.off_list,
            "scales": _scales(self.entry.scales) or None,
        }

    @property
    def workers(self) -> int:
        """One picture after another: OpenCV's detector is not made for several threads."""
        return 1

    def view(self, image: Path, seed: int) -> FerView:  # noqa: ARG002  nothing in it is random
        """Look at an image.

        Raises:
            ImageError: The picture cannot be read.
        """
        return FerView(self, np.asarray(open_image(image)))


@dataclass(frozen=True, slots=True)
class FerView:
    """One picture, as RGB."""

    rater: FerRater
    picture: NDArray[np.uint8]

    def ask(self, question: Question) -> Reply:  # noqa: ARG002  its one question is always the same
        """All that the network says of the largest face; nothing where there is none.

        Raises:
            AskError: What the network says is not a number.
        """
        began = time.perf_counter()
        answers, sent = self._answers()
        return Reply(
            text="; ".join(answers.words),
            sent_sha256=hashlib.sha256(sent).hexdigest(),
            prompt_tokens=0,
            answer_tokens=0,
            seconds=time.perf_counter() - began,
            finish="stop",
            options=answers.options,
            given=answers.given,
        )

    def _answers(self) -> tuple[Answers, bytes]:
        """The answers, and the bytes that were shown to the network."""
        rater, height, width = self.rater, *self.picture.shape[:2]
        face = Face(0, 0, width, height) if rater.detector is None else rater.detector.find(self.picture)
        if face is None:
            return no_face(rater.plan), _NOTHING
        tensor = to_tensor(cut_out(self.picture, face, rater.entry.crop), rater.entry.input, rater.entry.crop.resize)
        said = read_outputs(rater.plan, rater.network.outputs(tensor))
        where = "whole picture" if rater.detector is None else str(face)
        return replace(said, words=(*said.words, where)), tensor.tobytes()


def _input(described: InputEntry) -> str:
    low, high = described.pixels
    mean, std = _numbers(described.mean), _numbers(described.std)
    return (
        f"{described.size} x {described.size} {described.channels} {described.layout}, pixels {low:g} to {high:g}, "
        f"mean {mean}, std {std}"
    )


def _numbers(numbers: tuple[float, ...]) -> str:
    return " ".join(f"{number:g}" for number in numbers)


def _detector(crop: CropEntry) -> str:
    if crop.detector == "none":
        return "none"
    import cv2

    return (
        f"{CASCADE} of OpenCV {cv2.__version__}, scale factor {crop.scale_factor:g}, neighbours {crop.neighbours}, "
        f"smallest {crop.smallest:g}"
    )


def _labels(labels: LabelsEntry) -> str:
    names = ", ".join(" = ".join(words) for words in labels.names)
    return f"{labels.output or 'first output'} from {labels.first}, {labels.are}: {names}"


def _scales(scales: tuple[ScaleEntry, ...]) -> str:
    return ", ".join(_scale(scale) for scale in scales)


def _scale(scale: ScaleEntry) -> str:
    low, high = scale.range
    return f"{' = '.join(scale.items)}: {scale.output or 'first output'} {scale.index}, {low:g} to {high:g}"
