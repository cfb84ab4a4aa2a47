"""The highest r with people's means that a reading without error can reach, over all pictures and within emotions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vlmrate.stats import Outcome, Skipped, ceiling_r, icc_of_ratings, icc_within, reliability_of_means

if TYPE_CHECKING:
    import pandas as pd

    from vlmrate.stats import Icc
    from vlmrate.study.records import Study


@dataclass(frozen=True, slots=True)
class Ceiling:
    """The root of the reliability of people's means, over all pictures and within emotions."""

    overall: Outcome
    within: Outcome


def ceiling(study: Study, item: str, level: float = 0.95) -> Ceiling:
    """The ceilings of an item that people rated with numbers, over all pictures of a study.

    Overall it is that of `vlmrate analyze`; within emotions, that of the pictures' variance within them.
    """
    ratings = study.ratings
    if ratings is None or not ratings.has_singles:
        return _neither("people's single ratings are not at hand, only their means, so there is no ceiling")
    singles = ratings.singles(item).astype({"image_id": object, "rater_id": object})
    fewest = int(singles.groupby("image_id").size().min())
    columns = singles["image_id"], singles["rater_id"], singles["value"]
    clusters = _clusters(study, singles)
    overall = _root(icc_of_ratings(*columns, clusters=clusters, level=level), fewest)
    if study.factors.emotion is None:
        return Ceiling(overall, Skipped("the study names no emotion factor"))
    emotions = {stimulus.image_id: stimulus.factors[study.factors.emotion] for stimulus in study.stimuli}
    return Ceiling(overall, _root(icc_within(*columns, emotions, clusters=clusters, level=level), fewest))


def _root(coefficients: Icc | Skipped, fewest: int) -> Outcome:
    return coefficients if isinstance(coefficients, Skipped) else ceiling_r(reliability_of_means(coefficients, fewest))


def _clusters(study: Study, singles: pd.DataFrame) -> pd.Series[str] | None:
    identity = study.factors.identity
    if identity is None:
        return None
    return singles["image_id"].map({stimulus.image_id: stimulus.factors[identity] for stimulus in study.stimuli})


def _neither(reason: str) -> Ceiling:
    return Ceiling(Skipped(reason), Skipped(reason))
