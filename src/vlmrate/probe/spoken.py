"""What a rater said about the pictures of a capture: the digits, and the ratings weighted by their probabilities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from vlmrate.stats import Skipped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vlmrate.inference.table import Results, RunOutcome
    from vlmrate.probe.records import CaptureAbout


@dataclass(frozen=True, slots=True)
class Rater:
    """A rater under a protocol, by the names of its folder."""

    rater: str
    protocol: str


def rater_of(about: CaptureAbout, results: Results, named: str | None = None) -> Rater | Skipped:
    """The rater whose answers stand beside a capture, as `run_of`."""
    found = run_of(about, results.runs, named)
    return found if isinstance(found, Skipped) else Rater(found.rater, found.protocol)


def run_of(
    about: CaptureAbout, runs: Sequence[RunOutcome], named: str | None = None, protocol: str | None = None
) -> RunOutcome | Skipped:
    """The run whose answers stand beside a capture: of its model under its protocol, or of those named.

    The model is known by its digest; of several raters that it makes, the one of its name, else the first by name.
    """
    under = protocol or about.protocol
    if under is None:
        return Skipped("the capture names no protocol, so no answers belong to it")
    who = named or about.model
    own = [run for run in runs if run.protocol == under and run.rated and not run.forces and _is(run, about, named)]
    if not own:
        return Skipped(f"there are no ratings by {who} under {under} (`vlmrate infer --model {about.model}`)")
    return min(own, key=lambda run: (run.rater != who, run.rater))


def _is(run: RunOutcome, about: CaptureAbout, named: str | None) -> bool:
    return run.rater == named if named is not None else run.settings.get("model_digest") == about.model_digest


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """A rater's ratings of an item in the order of pictures, NaN where there is none.

    `digit` is what was said the first time, `expected` the probability-weighted rating, the mean over repeats.
    """

    digit: np.ndarray
    expected: np.ndarray


def said(results: Results, rater: Rater, item: str, ids: Sequence[str]) -> Said:
    """A rater's ratings of an item with a scale, of these pictures."""
    table = results.ratings
    own = table[(table["rater"] == rater.rater) & (table["protocol"] == rater.protocol) & (table["item"] == item)]
    ordered = own.sort_values("repeat", kind="stable")
    digit = pd.to_numeric(ordered.drop_duplicates("image_id").set_index("image_id")["value"])
    expected = ordered.groupby("image_id")["expected"].mean()
    return Said(*(column.reindex(list(ids)).to_numpy(dtype=np.float64) for column in (digit, expected)))
