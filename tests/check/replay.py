"""A rater that answers as a baseline says, so that a whole check can be made without a model."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vlmrate.check.gate import Against, judge, subset_of
from vlmrate.check.rerate import rerate
from vlmrate.errors import ImageError
from vlmrate.inference.job import Job
from vlmrate.inference.store import Store
from vlmrate.protocol.load import load_protocol
from vlmrate.raters.base import OptionProbabilities, Reply

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from vlmrate.check.outcome import Outcome
    from vlmrate.check.records import Baseline, RatedImage
    from vlmrate.check.verdict import Mode
    from vlmrate.protocol.records import Question
    from vlmrate.raters.base import Settings, View
    from vlmrate.study.records import Study


@dataclass(frozen=True)
class Replay:
    """Says what the baseline says, but for `instead` (by image and item); fails on the images of `broken`."""

    baseline: Baseline
    instead: Mapping[tuple[str, str], str] = field(default_factory=dict)
    broken: tuple[str, ...] = ()
    workers: int = 1

    @property
    def settings(self) -> Settings:
        return self.baseline.recipe.settings

    def view(self, image: Path, seed: int) -> View:  # noqa: ARG002 - every rater is given a seed
        if image.stem in self.broken:
            raise ImageError(f"{image.name}: is damaged")
        return _View(self, {rated.image_id: rated for rated in self.baseline.images}[image.stem])


@dataclass(frozen=True)
class _View:
    rater: Replay
    image: RatedImage

    def ask(self, question: Question) -> Reply:
        (item,) = question.items
        answer = self.image.answer(item.name)
        assert answer is not None
        text = self.rater.instead.get((self.image.image_id, item.name), str(answer.value))
        told = {item.name: OptionProbabilities(answer.probabilities or {}, 1.0)}
        return Reply(text, "0" * 64, 1, 1, 0.01, "stop", options=told)


def job_of(study: Study, rater: Replay, folder: Path) -> Job:
    """The job by which the baseline was made, with a rater in the model's place."""
    protocol = load_protocol("context-carry", study)
    store = Store(folder / "tiny" / "context-carry")
    return Job(study, protocol, rater, "tiny", store, study.stimuli, about=rater.baseline.about)


def outcome_of(
    study: Study, rater: Replay, folder: Path, mode: Mode | None = None, *, file: str = "baseline.json"
) -> Outcome:
    """A whole check of that rater against its baseline."""
    job = job_of(study, rater, folder)
    stimuli = subset_of(study, rater.baseline, file)
    rated = rerate(job, stimuli, lambda _: None, cached=False)
    return judge(job, Against(rater.baseline, file), rated, mode, {})


def elsewhere(baseline: Baseline) -> Baseline:
    """The baseline as made on another chip."""
    return baseline.model_copy(update={"machine": {**baseline.machine, "chip": "another"}})


def reworded(baseline: Baseline) -> Baseline:
    """The baseline as made with another first prompt."""
    words = baseline.prompts[0].replace("facial", "fiscal")
    recipe = baseline.recipe.model_copy(update={"protocol_digest": "0" * 64})
    return baseline.model_copy(update={"prompts": (words, *baseline.prompts[1:]), "recipe": recipe})
