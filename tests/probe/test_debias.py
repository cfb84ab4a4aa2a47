"""Debias: a planted group is taken out with its bias, its cost is found, and nothing is where nothing was planted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.stats import binom

from probe.planted import PlantedModel, planted_units
from vlmrate.errors import ProbeError
from vlmrate.probe.bench import Bench
from vlmrate.probe.crossfit import turns
from vlmrate.probe.debias import Debiased
from vlmrate.probe.debiasing import DebiasWay, debias, groups_of
from vlmrate.probe.direction import CapturedDirections
from vlmrate.probe.removal import parse_hows
from vlmrate.stats import Bootstrap, Estimate, Skipped

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from vlmrate.probe.debias import Cost, LevelBias, Removed
    from vlmrate.stats import Outcome

EMOTIONS = ("happy", "sad", "angry", "fear", "disgust", "neutral")
QUICK = DebiasWay(permutations=199, bootstrap=Bootstrap(resamples=300))


def bench(  # type: ignore[no-untyped-def]  # the fixture's class is in a conftest
    small,
    file: Path,
    *,
    identities: int = 48,
    bias: float = 0.5,
    strength: float = 3.0,
    cosine: float = 0.0,
    shown: float = 4.0,
    width: int = 16,
    **others: object,
) -> Bench:
    """A model that shows women happier to itself than men, and rates them so: `bias` points a unit of the stream."""
    cosines: Mapping[tuple[str, str], float] = {("happy", "gender=f"): cosine}
    units = planted_units([*EMOTIONS, "gender=f"], width, cosines, seed=3)
    study = small.study(identities)
    study = replace(study, ratings=small.people(study, people=2))
    slopes = {"valence": bias * units["gender=f"] + 0.4 * units["happy"] - 0.4 * units["sad"]}
    model = PlantedModel(
        study,
        units,
        dict.fromkeys(EMOTIONS, shown) | {"gender=f": strength},
        slopes=slopes,
        **others,  # type: ignore[arg-type]
    )
    capture = model.capture(file)
    unrated = replace(study, ratings=None)  # directions need no people
    return Bench(model, study, study.stimuli, capture, lambda who: CapturedDirections(capture, unrated, who))


def found(on: Bench, way: DebiasWay = QUICK) -> Debiased:
    """What is found of the only group."""
    told = debias(on, "gender", way).found
    assert isinstance(told, Debiased)
    return told


def bias_of(removed: Removed, item: str, level: str = "f") -> LevelBias:
    """One level's bias on one item."""
    return next(one for one in removed.bias if (one.item, one.level) == (item, level))


def cost_of(removed: Removed, measure: str) -> Cost:
    """The first cost of that name."""
    return next(one for one in removed.costs if one.measure == measure)


def estimate(outcome: Outcome) -> Estimate:
    """It, which must not be skipped."""
    assert isinstance(outcome, Estimate), outcome
    return outcome


def test_what_biases_one_level_is_taken_out_and_accuracy_stays(small, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]  # the fixture's class is in a conftest
    """Projected out or clamped, a gap of 1.5 points is gone; subtracted from all, it stays; random does nothing."""
    told = found(bench(small, tmp_path / "c.safetensors", own=0.05))
    assert (told.levels, told.images, told.identities, told.rank) == (("f", "m"), 288, 48, (1, 1))
    assert [removed.way for removed in told.ways] == ["project-out", "clamp", "subtract gender=f", "subtract gender=m"]
    for removed in told.ways[:2]:
        of_women = bias_of(removed, "valence")
        assert estimate(of_women.before).value == pytest.approx(1.5, abs=0.3)
        change = estimate(of_women.change)
        assert change.ci_low < -1.5 < change.ci_high
        assert estimate(of_women.after).ci_low < 0 < estimate(of_women.after).ci_high
        assert (of_women.p, of_women.p_holm) == (0.005, pytest.approx(0.005 * 12))
        assert abs(estimate(of_women.random).value) < 0.3
        assert abs(estimate(cost_of(removed, "kappa").change).value) < 0.03
    for removed in told.ways[2:]:
        assert abs(estimate(bias_of(removed, "valence").change).value) < 0.1


def test_leakage_is_told_before_after_and_by_chance(small, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]  # the fixture's class is in a conftest
    """Taken out where all of it is written, the group is guessed; where more is written later, it is told there."""
    on = bench(small, tmp_path / "c.safetensors", own=0.2, width=8)
    whole = found(on, replace(QUICK, layer=3, hows=("project-out",))).ways[0]
    (edited,) = whole.left
    assert estimate(edited.before).value > 0.95
    assert edited.p_before <= 0.05
    assert estimate(edited.after).value < 0.75
    assert estimate(edited.change).ci_high < -0.2
    assert estimate(edited.random).value > 0.9
    early = found(on, replace(QUICK, layer=2, hows=("project-out",))).ways[0]
    at_once, last = early.left
    assert estimate(at_once.after).value < 0.75
    assert estimate(last.after).value > 0.8  # a fifth of it is written by the last block
    subtracted = found(on, replace(QUICK, layer=3, hows=("subtract",))).ways[0]
    assert estimate(subtracted.left[0].after).value == pytest.approx(estimate(edited.before).value)


def test_a_group_beside_an_emotion_costs_kappa(small, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]  # the fixture's class is in a conftest
    """At a cosine of .5 to happy, which is named but by a hair, kappa falls by more than with random directions."""
    on = bench(
        small,
        tmp_path / "c.safetensors",
        cosine=0.5,
        own=0.2,
        noise=0.3,
        strength=1.0,
        shown=3.0,
        prompt={"happy": -2.2},
    )
    (removed,) = found(on, replace(QUICK, layer=3, hows=("project-out",))).ways
    costly = cost_of(removed, "kappa")
    assert estimate(costly.before).value > 0.9
    assert estimate(costly.change).ci_high < -0.05
    assert estimate(costly.beyond).ci_high < 0
    assert costly.p_holm is not None
    assert costly.p_holm <= 0.05


def test_halves_are_whole_identities_and_hold_every_level_alike() -> None:
    """No identity is in both halves, each is judged once, and half of every level is in each."""
    identities = np.repeat([f"p{number}" for number in range(16)], 6)
    groups = np.repeat([*("ab" * 4), *("c" * 8)], 6)
    one, other = turns(identities, groups, seed=4)
    assert set(one.learnt) == set(other.judged)
    assert not set(one.learnt) & set(one.judged)
    assert one.identities.isdisjoint(identities[one.judged])
    assert sorted([*one.judged, *other.judged]) == list(range(96))
    for level, images in (("a", 12), ("b", 12), ("c", 24)):
        assert (groups[one.judged] == level).sum() == images


def test_directions_know_nothing_of_those_they_are_judged_on(small, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]  # the fixture's class is in a conftest
    """Each half asks for directions of the other identities, and rates only pictures of its own."""
    on = bench(small, tmp_path / "c.safetensors", identities=12)
    asked: list[frozenset[str]] = []

    def taken(who: Collection[str]) -> CapturedDirections:
        asked.append(frozenset(who))
        return on.taken(who)  # type: ignore[return-value]  # as the bench's own

    found(replace(on, taken=taken), replace(QUICK, hows=("project-out",)))
    one, other = asked
    assert one.isdisjoint(other)
    assert one | other == {stimulus.factors["identity"] for stimulus in on.stimuli}


def test_what_cannot_be_told_is_skipped_or_refused(small, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]  # the fixture's class is in a conftest
    """Too few identities, a limit that leaves a level out; a group, way or direction that there is not."""
    on = bench(small, tmp_path / "c.safetensors", identities=6)
    few = debias(on, "gender", QUICK).found
    assert isinstance(few, Skipped)
    assert few.reason == "f is shown by 3 identities, and each half needs two"
    on = bench(small, tmp_path / "d.safetensors", identities=12)
    limited = debias(replace(on, stimuli=on.stimuli[:6]), "gender", QUICK).found
    assert isinstance(limited, Skipped)
    assert "do not show every level of gender in both halves" in limited.reason
    apart = tuple(
        s for s in on.stimuli if (s.factors["gender"], s.factors["emotion"]) in {("f", "happy"), ("m", "sad")}
    )
    tied = debias(replace(on, stimuli=apart), "gender", QUICK).found
    assert isinstance(tied, Skipped)
    assert "of the pictures that are rated: gender is told on halves" in tied.reason
    assert "no emotion shows all levels" in tied.reason
    nameless = replace(on.study, factors=replace(on.study.factors, identity=None))
    assert isinstance(debias(replace(on, study=nameless), "gender", QUICK).found, Skipped)
    with pytest.raises(ProbeError, match="--group race: the stimuli of study small have no such column"):
        groups_of(on.study, ("race",))
    with pytest.raises(ProbeError, match="'ablate' is no way"):
        parse_hows("clamp,ablate")
    with pytest.raises(ProbeError, match="there is no direction gender=x"):
        debias(on, "gender", replace(QUICK, names=("gender=x",)))


@pytest.mark.slow
def test_where_nothing_was_planted_nothing_changes_more_often_than_stated(small, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]  # the fixture's class is in a conftest
    """Over 200 seeds any corrected change of bias, or cost, is as rare as stated (99.9 % of the time); so is a leak."""
    most = binom.ppf(0.999, 200, 0.05)
    biased = costly = leaked = 0
    way = DebiasWay(("project-out",), layer=3, permutations=199, bootstrap=Bootstrap(resamples=20))
    for seed in range(200):
        on = bench(
            small,
            tmp_path / f"{seed}.safetensors",
            identities=12,
            width=8,
            strength=0.0,
            noise=0.8,
            shown=2.5,
            seed=seed,
        )
        (removed,) = found(on, replace(way, seed=seed)).ways
        biased += any(one.p_holm is not None and one.p_holm <= 0.05 for one in removed.bias)
        costly += any(one.p_holm is not None and one.p_holm <= 0.05 for one in removed.costs)
        leaked += removed.left[0].p_before <= 0.05
    assert biased <= most
    assert costly <= most
    assert leaked <= most
