"""The check itself: a baseline, today's ratings, and what follows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median
from typing import TYPE_CHECKING

from vlmrate.check.compare import changes
from vlmrate.check.exact import exact_rows
from vlmrate.check.explain import differences, setting_of
from vlmrate.check.make import setting_now
from vlmrate.check.material import Material
from vlmrate.check.outcome import ChangedImage, Differing, Flipped, Outcome
from vlmrate.check.statistical import statistical_rows
from vlmrate.check.tolerance import tolerance_rows
from vlmrate.check.truth import truth_of
from vlmrate.check.verdict import Row, gravest
from vlmrate.errors import CheckError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from vlmrate.check.compare import ImageChange
    from vlmrate.check.explain import Setting
    from vlmrate.check.records import Baseline
    from vlmrate.check.rerate import Rerated
    from vlmrate.check.verdict import Mode
    from vlmrate.inference.job import Job
    from vlmrate.study.records import Stimulus, Study

MOST = 10
"""Images listed as the most changed."""
_JUDGES: Mapping[Mode, Callable[[Material], tuple[Row, ...]]] = {
    "exact": exact_rows,
    "tolerance": tolerance_rows,
    "statistical": statistical_rows,
}
_SAME_MACHINE = ("chip", "cores", "memory_gib")
# Raters whose answers are computed elsewhere, where nobody knows on what: the same question may get another answer.
_ELSEWHERE = frozenset({"server"})


@dataclass(frozen=True, slots=True)
class Against:
    """A baseline with the name of its file."""

    baseline: Baseline
    file: str


def subset_of(study: Study, baseline: Baseline, file: str) -> tuple[Stimulus, ...]:
    """The images of a baseline in a study.

    Raises:
        CheckError: The study is another one, or lacks an image.
    """
    if study.name != baseline.study:
        raise CheckError(f"{file} is of the study {baseline.study}, not of {study.name}; name another with --baseline")
    known = {stimulus.image_id: stimulus for stimulus in study.stimuli}
    missing = [image.image_id for image in baseline.images if image.image_id not in known]
    if missing:
        raise CheckError(
            f"{file} has {len(missing):,} images that the study lacks, {missing[0]} first; put them back, or make the "
            "baseline anew with `vlmrate check --update`"
        )
    return tuple(known[image.image_id] for image in baseline.images)


def refuse_misfit(job: Job, baseline: Baseline, file: str) -> None:
    """Refuse to compare answers to different questions, or metrics against different people.

    Raises:
        CheckError: Items, scales, people's ratings or intended answers are not those of the baseline.
    """
    scales = {item.name: item.answers for step in job.protocol.steps for item in step.asks}
    if scales != baseline.scales:
        raise CheckError(
            f"{file} has answers to {', '.join(baseline.scales)}, and the items asked now ({', '.join(scales)}) are "
            "others or have other scales; make the baseline anew with `vlmrate check --update`"
        )
    truth = truth_of(job.study, subset_of(job.study, baseline, file), list(scales))
    if truth.digest != baseline.truth_sha256:
        raise CheckError(
            f"people's ratings or intended answers of the images in {file} are not those it was made with, so that "
            "metrics cannot be compared; make the baseline anew with `vlmrate check --update`"
        )


def judge(job: Job, against: Against, rated: Rerated, mode: Mode | None, allow: Mapping[str, float]) -> Outcome:
    """Compare today's ratings with the baseline's; without a mode, `exact` where it is possible, else `statistical`."""
    baseline = against.baseline
    before, now = setting_of(baseline), setting_now(job)
    material = _material(job, baseline, rated, allow, same_place=before.place == now.place)
    used, why = _mode(mode, before, now)
    ratios = tuple(_ratios(baseline, now, rated))
    rows = (*_JUDGES[used](material), *(ratio.row for ratio in ratios))
    most = sorted((c for c in material.changes if c.changed or c.replaced), key=lambda c: c.size, reverse=True)
    return Outcome(
        study=job.study.name,
        rater=job.rater_name,
        protocol=job.protocol.name,
        time=datetime.now(UTC).isoformat(timespec="seconds"),
        baseline=against.file,
        baseline_digest=baseline.digest,
        mode=used,
        why=why,
        verdict=gravest(rows),
        images=material.images,
        from_store=rated.from_store,
        changed_images=len(most),
        rows=rows,
        differs=tuple(Differing(what=d.what, before=d.before, now=d.now) for d in differences(before, now)),
        most_changed=tuple(_listed(change) for change in most[:MOST]),
        metrics=tuple(material.metrics_now.values()),
        ratios={ratio.name: ratio.value for ratio in ratios},
        seconds_per_image=_seconds(rated),
        simulated_people=job.study.simulated_people,
    )


def _material(
    job: Job, baseline: Baseline, rated: Rerated, allow: Mapping[str, float], *, same_place: bool
) -> Material:
    limits = baseline.limits.model_copy(update={"allow": {**baseline.limits.allow, **allow}})
    stimuli = subset_of(job.study, baseline, "the baseline")
    return Material(
        before=baseline.images,
        now=rated.images,
        changes=changes(baseline.images, rated.images),
        truth=truth_of(job.study, stimuli, list(baseline.scales)),
        limits=limits,
        same_place=same_place,
    )


def _mode(asked: Mode | None, before: Setting, now: Setting) -> tuple[Mode, str]:
    if asked is not None:
        return asked, "as asked for"
    if now.recipe.settings.get("kind") in _ELSEWHERE:
        return "statistical", "answers are computed elsewhere, where the same question may get another answer"
    if before.place == now.place:
        return "exact", "chip and versions are the baseline's, so answers must be equal"
    return "statistical", "chip or versions are not the baseline's, so answers may differ without fault"


@dataclass(frozen=True, slots=True)
class _Ratio:
    """Today's figure over the baseline's; told and never judged, for machines are busy."""

    name: str
    before: float
    now: float
    unit: str

    @property
    def value(self) -> float:
        return round(self.now / self.before, 3)

    @property
    def row(self) -> Row:
        finding = f"{self.before:.3g} to {self.now:.3g} {self.unit}"
        return Row(
            name=f"{self.name}: ratio",
            verdict=None,
            before=1.0,
            now=self.value,
            finding=finding,
            limit="told, not judged",
        )


def _ratios(baseline: Baseline, now: Setting, rated: Rerated) -> Iterator[_Ratio]:
    """Speed and memory, on the same machine only."""
    same = all(baseline.machine.get(name) == now.machine.get(name) for name in _SAME_MACHINE)
    if not same or rated.from_store:
        return
    then, today = median(image.seconds for image in baseline.images), _seconds(rated)
    if then and today:
        yield _Ratio("seconds", then, today, "s an image, the median")
    if baseline.memory_mib and rated.memory_mib:
        yield _Ratio("memory", baseline.memory_mib, rated.memory_mib, "MiB at most")


def _seconds(rated: Rerated) -> float:
    return round(median(image.seconds for image in rated.images), 3)


def _listed(change: ImageChange) -> ChangedImage:
    return ChangedImage(
        image_id=change.image_id,
        replaced=change.replaced,
        flips=tuple(Flipped(item=flip.item, before=flip.before, now=flip.now) for flip in change.flips),
        shift=round(change.size[1], 6) if change.shifts else None,
    )
