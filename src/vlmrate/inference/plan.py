"""What is left to do: the images asked for, less those whose rating is on disk and valid."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vlmrate.errors import StoreError, StudyError
from vlmrate.inference.pictures import digest_for, is_other_picture
from vlmrate.inference.store import WHAT_TO_DO, Store
from vlmrate.protocol.forced import conditions
from vlmrate.study.faults import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from vlmrate.inference.records import Rating
    from vlmrate.protocol.records import Protocol
    from vlmrate.study.records import Stimulus, Study


@dataclass(frozen=True, slots=True)
class Task:
    """One image to be rated once; `forced` is what the protocol puts into the rater's mouth, by item.

    `repeat` numbers all times that an image is asked: repeat r of condition c, of C conditions, is (r - 1) C + c.
    """

    stimulus: Stimulus
    repeat: int
    forced: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """Tasks still to do, and how many of those asked for are done."""

    todo: tuple[Task, ...]
    done: int

    @property
    def total(self) -> int:
        """All tasks asked for."""
        return len(self.todo) + self.done


def select(study: Study, *, only: Sequence[str] = (), limit: int | None = None) -> tuple[Stimulus, ...]:
    """The stimuli asked for, in the study's order.

    Each of `only` is an image id (with * and ? as wildcards) or FACTOR=LEVEL; a stimulus must meet one of the ids, if
    any are given, and every factor named. `limit` then takes the first so many.

    Raises:
        StudyError: A factor is unknown, or nothing is selected.
    """
    ids = [rule for rule in only if "=" not in rule]
    levels = [_level(study, rule) for rule in only if "=" in rule]
    chosen = [s for s in study.stimuli if _meets(s, ids, levels)]
    if not chosen:
        raise StudyError(f"--only {' '.join(only)} selects none of the study's {len(study.stimuli)} images")
    return tuple(chosen[:limit])


def _level(study: Study, rule: str) -> tuple[str, str]:
    factor, _, level = rule.partition("=")
    known = sorted(study.stimuli[0].factors)
    if factor not in known:
        raise StudyError(f"--only {rule}: the stimuli have no column {factor!r}; they have {', '.join(known)}")
    return factor, level


def _meets(stimulus: Stimulus, ids: Sequence[str], levels: Sequence[tuple[str, str]]) -> bool:
    named = not ids or any(fnmatch.fnmatchcase(stimulus.image_id, pattern) for pattern in ids)
    return named and all(stimulus.factors[factor] == level for factor, level in levels)


def plan_run(store: Store, protocol: Protocol, stimuli: Sequence[Stimulus], repeats: int, made_with: str) -> Plan:
    """Split the tasks asked for into done and still to do; a rating that cannot be read counts as not done.

    Image by image, so that what a rater sees of one serves all times that it is asked about it.

    Raises:
        StoreError: A stored rating was made in another way, or of another picture under the same name.
    """
    tasks = [task for stimulus in stimuli for task in _tasks(protocol, stimulus, repeats)]
    stored = [(task, store.read(task.stimulus.image_id, task.repeat)) for task in tasks]
    for task, rating in stored:
        if rating is not None:
            _refuse_foreign(store, task, rating, made_with)
    todo = tuple(task for task, rating in stored if rating is None)
    return Plan(todo=todo, done=len(tasks) - len(todo))


def _tasks(protocol: Protocol, stimulus: Stimulus, repeats: int) -> Iterator[Task]:
    every = conditions(protocol, stimulus)
    for number in range(1, repeats * len(every) + 1):
        yield Task(stimulus, number, every[(number - 1) % len(every)])


def _refuse_foreign(store: Store, task: Task, rating: Rating, made_with: str) -> None:
    file = store.path(task.stimulus.image_id, task.repeat)
    if rating.made_with != made_with:
        raise StoreError(f"{shown(file)} was made with another protocol, model, seed or decoding. {WHAT_TO_DO}")
    if rating.forced != task.forced:
        raise StoreError(
            f"{shown(file)} was told {_told(rating.forced)} where the protocol tells {_told(task.forced)} now: the "
            f"intended answers have changed. {WHAT_TO_DO}"
        )
    if is_other_picture(rating.image_sha256, digest_for(rating.protocol, task.stimulus.path)):
        raise StoreError(
            f"{shown(task.stimulus.path)} is not the picture that was rated in {shown(file)}: it has changed. "
            f"{WHAT_TO_DO}"
        )


def _told(forced: Mapping[str, str]) -> str:
    return ", ".join(f"{item} {answer}" for item, answer in forced.items()) or "nothing"
