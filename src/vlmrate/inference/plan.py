"""What is left to do: the images asked for, less those whose rating is on disk and valid."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vlmrate.errors import StoreError, StudyError
from vlmrate.inference.store import WHAT_TO_DO, Store
from vlmrate.study.faults import shown
from vlmrate.study.images import image_digest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vlmrate.inference.records import Rating
    from vlmrate.study.records import Stimulus, Study


@dataclass(frozen=True, slots=True)
class Task:
    """One image to be rated once."""

    stimulus: Stimulus
    repeat: int


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


def plan_run(store: Store, stimuli: Sequence[Stimulus], repeats: int, made_with: str) -> Plan:
    """Split the tasks asked for into done and still to do; a rating that cannot be read counts as not done.

    Raises:
        StoreError: A stored rating was made in another way, or of another picture under the same name.
    """
    tasks = [Task(stimulus, repeat) for repeat in range(1, repeats + 1) for stimulus in stimuli]
    stored = [(task, store.read(task.stimulus.image_id, task.repeat)) for task in tasks]
    for task, rating in stored:
        if rating is not None:
            _refuse_foreign(store, task, rating, made_with)
    todo = tuple(task for task, rating in stored if rating is None)
    return Plan(todo=todo, done=len(tasks) - len(todo))


def _refuse_foreign(store: Store, task: Task, rating: Rating, made_with: str) -> None:
    file = store.path(task.stimulus.image_id, task.repeat)
    if rating.made_with != made_with:
        raise StoreError(f"{shown(file)} was made with another protocol, model, seed or decoding. {WHAT_TO_DO}")
    if rating.image_sha256 != image_digest(task.stimulus.path):
        raise StoreError(
            f"{shown(task.stimulus.path)} is not the picture that was rated in {shown(file)}: it has changed. "
            f"{WHAT_TO_DO}"
        )
