"""From what a person wishes of `vlmrate derive` to a run that stores it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from vlmrate.analysis.data import gather
from vlmrate.analysis.derived import values_of
from vlmrate.analysis.options import AnalysisOptions
from vlmrate.derive.kinds import KINDS
from vlmrate.derive.made import Inputs
from vlmrate.derive.rater import Answers, DerivedRater
from vlmrate.derive.sources import choose
from vlmrate.errors import RaterError
from vlmrate.inference.job import Job
from vlmrate.inference.prepare import Arguments, usable_rater_name
from vlmrate.inference.runner import run
from vlmrate.inference.store import refuse_taken_name, store_for
from vlmrate.inference.table import load_results
from vlmrate.protocol.native import DERIVED, native_protocol
from vlmrate.study.faults import did_you_mean
from vlmrate.study.load import find_study, load_study

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vlmrate.analysis.data import Material
    from vlmrate.derive.kinds import Kind
    from vlmrate.derive.made import Made
    from vlmrate.derive.sources import Chosen
    from vlmrate.inference.derivation import Derivation, LineOf
    from vlmrate.inference.job import Finished
    from vlmrate.inference.table import Results
    from vlmrate.study.records import Stimulus, Study

FOLDS = 5
"""Folds of a calibration unless others are asked for."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a person asks of `vlmrate derive`; None where the kind decides."""

    kind: str
    sources: tuple[str, ...]
    name: str
    study: Path | None = None
    results: Path | None = None
    by: LineOf | None = None
    folds: int | None = None
    seed: int | None = None
    fresh: bool = False
    arguments: Arguments = field(default_factory=Arguments)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A derived rater ready to be stored, and what people should know of it."""

    job: Job
    made: Made
    notes: tuple[str, ...]


def prepare(wishes: Wishes) -> Prepared:
    """Make the rater's answers of what is stored.

    Raises:
        VlmrateError: A source is missing or unsuitable, the kind does not take what was asked for, or the name is that
            of another rater.
    """
    study = load_study(find_study(wishes.study, Path.cwd()), results=wishes.results)
    return prepare_for(study, load_results(study), wishes)


def prepare_for(study: Study, results: Results, wishes: Wishes) -> Prepared:
    """As `prepare`, for a study and its results as loaded.

    Raises:
        VlmrateError: As `prepare`.
    """
    kind = _kind(wishes)
    name = usable_rater_name(wishes.name)
    refuse_taken_name(study, name, DERIVED)
    _refuse_without_ratings(study, results, kind)
    material = gather(study, results, AnalysisOptions())
    chosen = tuple(choose(material, text, name) for text in wishes.sources)
    if len({one.name for one in chosen}) < len(chosen):
        raise RaterError("--from names one rater twice; name each once, its items with commas between")
    made = kind.make(Inputs(material, chosen, wishes.by or "emotion", wishes.folds or FOLDS, wishes.seed or 0))
    stimuli = _stimuli(material, made.derivation)
    values = values_of(material, made.derivation)
    rater = DerivedRater(made.derivation.settings, _by_file(stimuli, made, values))
    items = tuple(item for item in study.items if item.name in made.derivation.items)
    job = Job(
        study=study,
        protocol=native_protocol(items, DERIVED),
        rater=rater,
        rater_name=name,
        store=store_for(study, name, DERIVED),
        stimuli=stimuli,
        seed=made.derivation.seed,
        arguments=wishes.arguments.values,
        passed=wishes.arguments.passed,
        about=_about(made, chosen),
        fresh=wishes.fresh,
    )
    return Prepared(job, made, (*made.notes, *_missing(study, stimuli, values)))


def _about(made: Made, chosen: tuple[Chosen, ...]) -> dict[str, str]:
    """What the rater was told beside the images; what a source was told reaches whoever is made of it."""
    told = [made.knows, *(one.rater.run.settings.get("knows") for one in chosen)]
    knows = dict.fromkeys(str(words) for words in told if words)
    return {"knows": "; ".join(knows)} if knows else {}


def store(prepared: Prepared) -> Finished:
    """Store the ratings as a run does, and beside them what they were made of.

    Raises:
        StoreError: Another process writes to the same folder, or it holds a rater made of something else.
    """
    finished = run(prepared.job)
    prepared.job.store.write_derivation(prepared.made.derivation)
    return finished


def _kind(wishes: Wishes) -> Kind:
    known = {str(name): kind for name, kind in KINDS.items()}
    if wishes.kind not in known:
        raise RaterError(f"no rater can be derived as {wishes.kind!r}; {did_you_mean(wishes.kind, list(known))}")
    kind = known[wishes.kind]
    if not kind.least <= len(wishes.sources) <= kind.most:
        raise RaterError(f"{wishes.kind} takes {kind.wants}")
    for option in ("by", "folds", "seed"):
        if getattr(wishes, option) is not None and option not in kind.options:
            raise RaterError(f"--{option} does not apply to {wishes.kind}; leave it out")
    return kind


def _refuse_without_ratings(study: Study, results: Results, kind: Kind) -> None:
    if kind.least and not any(run.rated for run in results.runs):
        raise RaterError(f"no rater has rated the study {study.name} yet; run `vlmrate infer --model NAME` first")
    if not kind.least and study.ratings is None:
        raise RaterError(f"the study {study.name} has no ratings by people to make a rater of")


def _stimuli(material: Material, made: Derivation) -> tuple[Stimulus, ...]:
    """The images that some source has rated, or that people have; nobody's images are not derived."""
    named = {(source.rater, source.protocol) for source in made.sources}
    sources = [rater.name for rater in material.raters if (rater.run.rater, rater.run.protocol) in named]
    if made.sources:
        rated = {i for (name, _), rows in material.tables.items() if name in sources for i in rows["image_id"]}
    else:
        rated = set(made.drawn) if made.method == "person" else set(material.images.ids)
    return tuple(stimulus for stimulus in material.study.stimuli if stimulus.image_id in rated)


def _by_file(stimuli: tuple[Stimulus, ...], made: Made, values: Mapping[str, pd.Series[Any]]) -> dict[Path, Answers]:
    by_file: dict[Path, Answers] = {}
    for stimulus in stimuli:
        if stimulus.path in by_file:
            raise RaterError(f"the file of {stimulus.image_id} is that of another image too; give each its own")
        by_file[stimulus.path] = _answers(stimulus.image_id, made, values)
    return by_file


def _answers(image: str, made: Made, values: Mapping[str, pd.Series[Any]]) -> Answers:
    known = {item: by_image[image] for item, by_image in made.known.items() if image in by_image}
    given = {item: _plain(by_image[image]) for item, by_image in values.items()}
    return Answers(given, known, _words(image, made.derivation))


def _plain(value: Any) -> str | float | None:
    if pd.isna(value):
        return None
    return value if isinstance(value, str) else float(value)


def _words(image: str, made: Derivation) -> str:
    """What one image's answers come from, as its rating tells it."""
    if image in made.drawn:
        return f"person {made.drawn[image]}"
    return f"fold {made.folds[image]}" if image in made.folds else made.method


def _missing(study: Study, stimuli: tuple[Stimulus, ...], values: Mapping[str, pd.Series[Any]]) -> Iterator[str]:
    if len(stimuli) < len(study.stimuli):
        yield f"{len(study.stimuli) - len(stimuli):,} of {len(study.stimuli):,} images are left out: nobody rated them"
    ids = [stimulus.image_id for stimulus in stimuli]
    for item, by_image in values.items():
        lost = int(by_image.reindex(ids).isna().sum())
        if lost:
            yield f"{item} is missing for {lost:,} of {len(ids):,} images, for want of something to make it of"
