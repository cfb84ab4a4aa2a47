"""What a run is asked to do, and what it says on the way and at its end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from vlmrate.inference.records import Recipe

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from vlmrate.inference.records import Failure
    from vlmrate.inference.store import Store
    from vlmrate.protocol.records import Protocol
    from vlmrate.raters.base import Rater
    from vlmrate.study.records import Stimulus, Study

Status = Literal["finished", "interrupted", "stopped"]


@dataclass(frozen=True, slots=True)
class FailAfter:
    """When to give up: after `count` failed images, or when failures exceed `share` of the images asked for."""

    count: int | None = None
    share: float | None = None

    def reached(self, failed: int, total: int) -> bool:
        """Whether so many failures are too many."""
        by_count = self.count is not None and failed >= self.count
        return by_count or (self.share is not None and failed > self.share * total)


@dataclass(frozen=True, slots=True)
class Job:
    """All that a run needs: who rates what, how, and where it is stored.

    `arguments` are those of the command, as recorded in the manifest; `passed` names the ones that were given; `note`
    is what people should know of the model, `about` what is known of it for tables; `fresh` sets earlier
    ratings aside. `max_cost` is what the run may cost, in the currency of the rater's prices.
    """

    study: Study
    protocol: Protocol
    rater: Rater
    rater_name: str
    store: Store
    stimuli: tuple[Stimulus, ...]
    repeats: int = 1
    seed: int = 0
    fail_after: FailAfter = FailAfter()
    max_cost: float | None = None
    arguments: Mapping[str, str | int | float | bool | list[str] | None] = field(default_factory=dict)
    passed: tuple[str, ...] = ()
    note: str | None = None
    about: Mapping[str, str] = field(default_factory=dict)
    fresh: bool = False

    @property
    def recipe(self) -> Recipe:
        """What must be equal between the ratings of one folder."""
        return Recipe(protocol_digest=self.protocol.digest, seed=self.seed, settings=self.rater.settings)


@dataclass(frozen=True, slots=True)
class Spent:
    """What asking took: attempts, tokens, and cost (None while no prices are known)."""

    attempts: int = 0
    prompt_tokens: int = 0
    answer_tokens: int = 0
    cost: float | None = None

    def __add__(self, other: Spent) -> Spent:
        costs = [cost for cost in (self.cost, other.cost) if cost is not None]
        return Spent(
            self.attempts + other.attempts,
            self.prompt_tokens + other.prompt_tokens,
            self.answer_tokens + other.answer_tokens,
            sum(costs) if costs else None,
        )


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run stands after a task, or (with no task) at its beginning."""

    total: int
    already_rated: int
    rated: int
    failed: int
    invalid_answers: int
    seconds: float
    failure: Failure | None = None
    spent: Spent = Spent()

    @property
    def left(self) -> int:
        """Tasks not yet tried."""
        return self.total - self.already_rated - self.rated - self.failed

    def __add__(self, other: Progress) -> Progress:
        """Both together, of jobs that run side by side: counts are summed, time is the longer of the two."""
        return Progress(
            self.total + other.total,
            self.already_rated + other.already_rated,
            self.rated + other.rated,
            self.failed + other.failed,
            self.invalid_answers + other.invalid_answers,
            max(self.seconds, other.seconds),
            self.failure or other.failure,
            self.spent + other.spent,
        )


@dataclass(frozen=True, slots=True)
class Finished:
    """How a run ended; `set_aside` is where earlier ratings were moved, if they were."""

    status: Status
    progress: Progress
    set_aside: Path | None = None
