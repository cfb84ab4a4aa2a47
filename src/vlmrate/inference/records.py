"""What a run leaves on disk: one rating an image, and a manifest that says how it was made."""

from __future__ import annotations

import hashlib
import json
from typing import Literal

from pydantic import Field

from vlmrate.raters.base import Settings
from vlmrate.records import Record

_LITTLE, _MOST = 0.5, 0.9
"""With answers unlisted there is no expected rating below the first mass, nor below the second with most unlisted."""


class Answer(Record):
    """One item's answer as read from what the rater said.

    `value` is None when it could not be read; `route` says which way it was read; `clamped_from` is the number said
    when it was not on the scale. `probabilities` of every valid answer sum to one, where the rater knows them;
    `valid_mass` is their sum before that. `unlisted` are answers that count as 0 because the rater did not tell them.
    """

    item: str
    value: int | float | str | None
    route: str
    clamped_from: float | None = None
    probabilities: dict[str, float] | None = None
    valid_mass: float | None = None
    unlisted: tuple[str, ...] = ()

    @property
    def expected(self) -> float | None:
        """Probability-weighted rating, the sum of value times probability; None for labels.

        None too where too little is known of the probabilities: nothing, or little more than the answers that happen
        to be listed.
        """
        if self.probabilities is None or not all(_is_number(option) for option in self.probabilities):
            return None
        if self.unlisted and self._hardly_listed(len(self.probabilities)):
            return None
        return sum(float(option) * p for option, p in self.probabilities.items())

    def _hardly_listed(self, options: int) -> bool:
        mass, listed = self.valid_mass or 0.0, options - len(self.unlisted)
        return mass < _LITTLE or (2 * listed < options and mass < _MOST)


def _is_number(text: str) -> bool:
    return text.lstrip("-").isdigit()


class AskedStep(Record):
    """One prompt and what came back, as said; `sent_sha256` covers exactly what the model was sent.

    `reasoning_tokens` are those of `answer_tokens` that were reasoning, where that is known; `cost` is in the currency
    of the rater's prices, of all attempts.
    """

    prompt: str
    sent_sha256: str
    text: str
    reasoning: str | None
    finish: str
    prompt_tokens: int
    answer_tokens: int
    seconds: float
    attempts: int
    answers: tuple[Answer, ...]
    reasoning_tokens: int | None = None
    cost: float | None = None


class Rating(Record):
    """One image, one rater, one protocol, one repeat.

    `run` names the run that made it; `made_with` is the digest of everything that must be equal between ratings that
    stand in one folder; `stopped` tells that the protocol ended early at an unreadable answer. `forced` are answers
    that the protocol put into the rater's mouth, by item.
    """

    format: Literal["vlmrate-rating/1"] = "vlmrate-rating/1"
    image_id: str
    image_sha256: str
    rater: str
    protocol: str
    repeat: int = Field(ge=1)
    run: str
    made_with: str
    stopped: bool
    steps: tuple[AskedStep, ...]
    forced: dict[str, str] = Field(default_factory=dict)


class Recipe(Record):
    """Everything that must be equal between the ratings of one folder."""

    protocol_digest: str
    seed: int
    settings: Settings

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the recipe."""
        return hashlib.sha256(json.dumps(self.model_dump(), sort_keys=True).encode()).hexdigest()

    def differences(self, other: Recipe) -> tuple[str, ...]:
        """What differs, as "field: this value, other value"; of another kind of rater that alone is told."""
        mine, theirs = self._flat(), other._flat()
        if mine.get("kind") != theirs.get("kind"):
            return (f"kind of rater: {mine.get('kind')} there, {theirs.get('kind')} now",)
        fields = sorted(mine.keys() | theirs.keys())
        return tuple(f"{f}: {mine.get(f)} there, {theirs.get(f)} now" for f in fields if mine.get(f) != theirs.get(f))

    def _flat(self) -> dict[str, object]:
        return {"protocol": self.protocol_digest[:12], "seed": self.seed, **self.settings}


class RunRecord(Record):
    """One call of `vlmrate infer`: what was asked for, on what machine, and what came of it.

    A run that was killed could not say how it ended: the next one marks it so and counts what it had stored, with what
    that took; what its failed images and those in hand took is not known.
    `attempts`, tokens and `cost` (None where no prices are known) are of all that was asked, failed images included.
    """

    id: str
    started: str
    finished: str | None
    status: Literal["running", "finished", "interrupted", "stopped", "killed"]
    arguments: dict[str, str | int | float | bool | list[str] | None]
    passed: tuple[str, ...]
    planned: int
    already_rated: int
    rated: int
    failed: int
    invalid_answers: int
    seconds: float
    versions: dict[str, str]
    machine: dict[str, str | int]
    git_revision: str | None
    attempts: int = 0
    prompt_tokens: int = 0
    answer_tokens: int = 0
    cost: float | None = None


class Manifest(Record):
    """How the ratings of a folder were made, and every run that added to them.

    `scales` are the valid answers of every item asked. `about` says what is known of the model and decides nothing: its
    name, family, number of parameters. `forces` names the items whose answers the protocol puts into the rater's mouth,
    and how (`each` valid one in turn, or a `wrong` one).
    """

    format: Literal["vlmrate-manifest/1"] = "vlmrate-manifest/1"
    study: str
    study_sha256: str
    rater: str
    protocol: str
    recipe: Recipe
    scales: dict[str, tuple[str, ...]]
    about: dict[str, str]
    forces: dict[str, Literal["each", "wrong"]] = Field(default_factory=dict)
    runs: tuple[RunRecord, ...]


class Failure(Record):
    """One image that could not be rated: a line of errors.jsonl, with what was spent on it."""

    time: str
    run: str
    image_id: str
    repeat: int
    error: str
    message: str
    attempts: int = 0
    cost: float | None = None
