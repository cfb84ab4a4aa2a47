"""Rating the subset again: in a folder of its own that goes away, or from stored ratings where nothing can differ."""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from vlmrate import machine
from vlmrate.check.records import DECIMALS, RatedAnswer, RatedImage
from vlmrate.errors import CheckError, RunStoppedError
from vlmrate.inference.runner import run
from vlmrate.inference.store import Store
from vlmrate.study.images import image_digest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from vlmrate.inference.job import Job, Progress
    from vlmrate.inference.records import Rating, Recipe
    from vlmrate.study.records import Stimulus

IRRELEVANT = frozenset({"vlmrate", "python", "pandas", "pydantic", "httpx2"})
"""Packages whose version decides no answer."""
OF_A_KIND = {"mlx": "mlx", "mlx-vlm": "mlx", "transformers": "mlx", "onnxruntime": "fer", "opencv-python": "fer"}
"""Packages whose version decides the answers of raters of one kind only."""


@dataclass(frozen=True, slots=True)
class Rerated:
    """The subset as rated now.

    `from_store` counts images answered from stored ratings; `memory_mib` is the most memory that this process has had
    so far, None where it rated nothing or the system does not tell.
    """

    images: tuple[RatedImage, ...]
    from_store: int
    memory_mib: int | None


def deciding(versions: Mapping[str, str], recipe: Recipe) -> dict[str, str]:
    """The versions that could change an answer of a rater of that recipe's kind."""
    kind = recipe.settings.get("kind")
    return {
        name: version
        for name, version in versions.items()
        if name not in IRRELEVANT and OF_A_KIND.get(name, kind) == kind
    }


def rerate(job: Job, stimuli: Sequence[Stimulus], report: Callable[[Progress], None], *, cached: bool) -> Rerated:
    """Rate some images as a job says, without touching its results.

    With `cached`, a stored rating of the same picture, made in the same way with the same versions, is taken as it is.

    Raises:
        CheckError: An image could not be rated, or rating was broken off.
    """
    stored = dict(_stored(job, stimuli)) if cached else {}
    with tempfile.TemporaryDirectory(prefix="vlmrate-check-") as folder:
        store = Store(Path(folder) / job.rater_name / job.protocol.name)
        store.open()
        for rating in stored.values():
            store.write(rating)
        try:
            finished = run(replace(job, store=store, stimuli=tuple(stimuli), repeats=1, fresh=False), report=report)
        except RunStoppedError as error:
            raise CheckError(f"the check could not be carried out: {error}") from None
        _refuse_failures(store, len(stimuli))
        ratings = [store.read(stimulus.image_id, 1) for stimulus in stimuli]
    images = tuple(rated_image(rating) for rating in ratings if rating is not None)
    return Rerated(images, len(stored), _peak_memory() if finished.progress.rated else None)


def rated_image(rating: Rating) -> RatedImage:
    """A rating as baselines hold it: no words, probabilities rounded."""
    answers = (answer for step in rating.steps for answer in step.answers)
    return RatedImage(
        image_id=rating.image_id,
        sha256=rating.image_sha256,
        seconds=round(sum(step.seconds for step in rating.steps), 3),
        answers=tuple(
            RatedAnswer(
                item=answer.item,
                value=answer.value,
                route=answer.route,
                probabilities=_rounded(answer.probabilities),
            )
            for answer in answers
        ),
    )


def _rounded(probabilities: Mapping[str, float] | None) -> dict[str, float] | None:
    if probabilities is None:
        return None
    return {option: round(probability, DECIMALS) for option, probability in probabilities.items()}


def _stored(job: Job, stimuli: Sequence[Stimulus]) -> Iterator[tuple[str, Rating]]:
    """Ratings in the job's own results that would come out the same today."""
    manifest = job.store.manifest()
    if manifest is None or manifest.recipe != job.recipe:
        return
    here, chip = deciding(machine.versions(), job.recipe), machine.machine()["chip"]
    same = {
        run.id
        for run in manifest.runs
        if deciding(run.versions, job.recipe) == here and run.machine.get("chip") == chip
    }
    for stimulus in stimuli:
        rating = job.store.read(stimulus.image_id, 1)
        if rating is None or rating.run not in same or rating.made_with != job.recipe.digest:
            continue
        if rating.image_sha256 == image_digest(stimulus.path):
            yield stimulus.image_id, rating


def _refuse_failures(store: Store, images: int) -> None:
    failures = store.failures()
    if failures:
        first = failures[0]
        raise CheckError(
            f"the check could not be carried out: {len(failures):,} of {images:,} images could not be rated "
            f"({first.image_id}: {first.message}); nothing was compared"
        )


def _peak_memory() -> int | None:
    if sys.platform == "win32":
        return None
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(most / 2**20 if sys.platform == "darwin" else most / 2**10)
