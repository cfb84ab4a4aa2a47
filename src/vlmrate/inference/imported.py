"""Predictions made elsewhere, stored like the ratings of any rater: results/<study>/<rater>/imported/."""

from __future__ import annotations

import hashlib
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from vlmrate import machine
from vlmrate.errors import RaterError, StoreError
from vlmrate.inference.files import exclusive
from vlmrate.inference.pictures import digest_if_there, is_other_picture
from vlmrate.inference.prepare import Arguments, usable_rater_name
from vlmrate.inference.records import Answer, AskedStep, Manifest, Rating, Recipe, RunRecord
from vlmrate.inference.store import WHAT_TO_DO, refuse_taken_name, store_for
from vlmrate.protocol.native import IMPORTED, native_protocol
from vlmrate.raters.table.mapping import Said, parse_columns
from vlmrate.raters.table.predictions import read_predictions
from vlmrate.study.faults import shown
from vlmrate.study.load import find_study, load_study

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vlmrate.inference.store import Store
    from vlmrate.protocol.records import Protocol
    from vlmrate.raters.table.answers import TableAnswer
    from vlmrate.raters.table.mapping import OffList, OffScale
    from vlmrate.raters.table.predictions import Prediction, Predictions
    from vlmrate.study.faults import Fault
    from vlmrate.study.records import Study

_NOTHING_SENT = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True, slots=True)
class ImportWishes:
    """What a person asks of `vlmrate import`.

    `about` says where the predictions come from (source, licence, family, parameters) and decides nothing.
    """

    file: Path
    rater: str
    said: Said = field(default_factory=Said)
    image: str | None = None
    repeat: str | None = None
    off_list: OffList = "fault"
    off_scale: OffScale = "fault"
    about: Mapping[str, str] = field(default_factory=dict)
    fresh: bool = False
    study: Path | None = None
    results: Path | None = None
    arguments: Arguments = field(default_factory=Arguments)


@dataclass(frozen=True, slots=True)
class Examined:
    """A file of predictions as far as it could be read: `predictions` is None where there are faults."""

    study: Study
    store: Store
    predictions: Predictions | None
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import came to: how many ratings were stored now, and how many were there already.

    `without_picture` counts images whose picture is not on this machine, so that none is on record with their ratings.
    `described_anew` says that what is known of the rater has changed, `set_aside` where earlier ratings were moved.
    """

    store: Store
    stored: int
    already_there: int
    without_picture: int
    described_anew: bool = False
    set_aside: Path | None = None


def examine_predictions(wishes: ImportWishes) -> Examined:
    """Read a file of predictions against a study, and gather every fault; nothing is stored.

    Raises:
        VlmrateError: The study cannot be used, the rater's name can't be, or an option does not suit the study.
    """
    name = usable_rater_name(wishes.rater)
    study = load_study(find_study(wishes.study, Path.cwd()), results=wishes.results)
    refuse_taken_name(study, name, IMPORTED)
    columns = parse_columns(
        wishes.said,
        study.items,
        image=wishes.image,
        repeat=wishes.repeat,
        off_list=wishes.off_list,
        off_scale=wishes.off_scale,
    )
    predictions, faults = read_predictions(wishes.file, study.stimuli, study.items, columns)
    return Examined(study, store_for(study, name, IMPORTED), predictions, faults)


def import_predictions(wishes: ImportWishes, examined: Examined | None = None) -> Imported:
    """Store predictions as ratings; `examined` is what `examine_predictions` made of the same wishes.

    The same file again adds only what is missing. The manifest comes last: until then no analysis sees the rater.

    Raises:
        VlmrateError: As `examine_predictions`; there are faults; the folder holds ratings made in another way, is being
            written to, or cannot be written. Nothing has been stored then, but for a full disk.
    """
    found = examined or examine_predictions(wishes)
    if found.predictions is None:
        first, *others = found.faults
        raise RaterError(f"{first}{f' … and {len(others):,} more' if others else ''}; nothing was stored")
    folder = found.store.folder
    try:
        with ExitStack() as lock:
            folder.parent.mkdir(parents=True, exist_ok=True)
            if not lock.enter_context(exclusive(found.store.lock_file)):
                raise StoreError(f"another vlmrate process is writing to {shown(folder)}; wait or stop it")
            return _Import(wishes, found.study, found.store, found.predictions).go()
    except OSError as error:
        raise StoreError(f"{shown(folder)} cannot be written: {error.strerror or error}; import once more") from error


class _Import:
    """One pass over the rows of a file, while the folder is locked."""

    def __init__(self, wishes: ImportWishes, study: Study, store: Store, predictions: Predictions) -> None:
        self._wishes = wishes
        self._study = study
        self._store = store
        self._predictions = predictions
        self._protocol: Protocol = native_protocol(predictions.items, IMPORTED)
        self._recipe = Recipe(protocol_digest=self._protocol.digest, seed=0, settings=predictions.settings)
        self._started = datetime.now(UTC)
        self._clock = time.monotonic()
        self._run = self._started.strftime("%Y%m%dT%H%M%S.%fZ")
        self._pictures = _picture_digests(predictions)

    def go(self) -> Imported:
        set_aside = self._store.set_aside() if self._wishes.fresh else None
        self._store.refuse_other_recipe(self._recipe)
        todo = [row for row in self._predictions.rows if not self._is_stored(row)]
        self._store.open()
        for row in todo:
            self._store.write(self._rating(row))
        return Imported(
            store=self._store,
            stored=len(todo),
            already_there=len(self._predictions.rows) - len(todo),
            without_picture=sum(digest == "" for digest in self._pictures.values()),
            described_anew=self._write_manifest(len(todo)),
            set_aside=set_aside,
        )

    def _is_stored(self, row: Prediction) -> bool:
        rating = self._store.read(row.stimulus.image_id, row.repeat)
        if rating is None:
            return False
        file = shown(self._store.path(row.stimulus.image_id, row.repeat))
        if rating.made_with != self._recipe.digest:
            raise StoreError(f"{file} was imported from another file, or read in another way. {WHAT_TO_DO}")
        if is_other_picture(rating.image_sha256, self._pictures[row.stimulus.image_id]):
            picture = shown(row.stimulus.path)
            raise StoreError(f"{picture} is not the picture that was there when {file} was imported. {WHAT_TO_DO}")
        return True

    def _rating(self, row: Prediction) -> Rating:
        return Rating(
            image_id=row.stimulus.image_id,
            image_sha256=self._pictures[row.stimulus.image_id],
            rater=self._wishes.rater,
            protocol=self._protocol.name,
            repeat=row.repeat,
            run=self._run,
            made_with=self._recipe.digest,
            stopped=False,
            steps=(_step(row),),
        )

    def _write_manifest(self, stored: int) -> bool:
        """Add this import to the manifest if it stored anything; whether what is known of the rater has changed."""
        earlier = self._store.manifest()
        about = {**(earlier.about if earlier else {}), **self._wishes.about}
        changed = earlier is not None and earlier.about != about
        if earlier is not None and not stored and not changed:
            return False
        runs = earlier.runs if earlier else ()
        self._store.write_manifest(
            Manifest(
                study=self._study.name,
                study_sha256=hashlib.sha256(self._study.file.read_bytes()).hexdigest(),
                rater=self._wishes.rater,
                protocol=self._protocol.name,
                recipe=self._recipe,
                scales={item.name: item.answers for item in self._predictions.items},
                about=about,
                runs=(*runs, self._record(stored)) if stored or not runs else runs,
            )
        )
        return changed

    def _record(self, stored: int) -> RunRecord:
        rows = self._predictions.rows
        return RunRecord(
            id=self._run,
            started=self._started.isoformat(timespec="seconds"),
            finished=datetime.now(UTC).isoformat(timespec="seconds"),
            status="finished",
            arguments=dict(self._wishes.arguments.values),
            passed=self._wishes.arguments.passed,
            planned=len(rows),
            already_rated=len(rows) - stored,
            rated=stored,
            failed=0,
            invalid_answers=sum(answer.value is None for row in rows for answer in row.answers),
            seconds=round(time.monotonic() - self._clock, 3),
            versions=machine.versions(),
            machine=machine.machine(),
            git_revision=machine.git_revision(self._study.file.parent),
        )


def _picture_digests(predictions: Predictions) -> dict[str, str]:
    """The digest of every rated image's picture as it is now; "" where it is not on this machine."""
    stimuli = {row.stimulus.image_id: row.stimulus for row in predictions.rows}
    return {image_id: digest_if_there(stimulus.path) for image_id, stimulus in stimuli.items()}


def _step(row: Prediction) -> AskedStep:
    return AskedStep(
        prompt="",
        sent_sha256=_NOTHING_SENT,
        text=row.said,
        reasoning=None,
        finish="given",
        prompt_tokens=0,
        answer_tokens=0,
        seconds=0.0,
        attempts=0,
        answers=tuple(map(_answer, row.answers)),
    )


def _answer(answer: TableAnswer) -> Answer:
    return Answer(
        item=answer.item,
        value=answer.value,
        route=answer.route,
        clamped_from=answer.clamped_from,
        probabilities=dict(answer.options.probabilities) if answer.options else None,
        valid_mass=answer.options.valid_mass if answer.options else None,
    )
