"""vlmrate probe directions: planted angles, layers and ratings are found, and nothing where nothing was planted."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom
from typer.testing import CliRunner

from probe.in_memory import captured, of_pictures, of_texts
from probe.planted import PlantedModel, planted_units
from vlmrate.cli.main import app
from vlmrate.errors import ProbeError
from vlmrate.probe.directed import Asked, EmotionDirections
from vlmrate.probe.directions import captures_directions, directions
from vlmrate.probe.found import Found
from vlmrate.probe.plane import People, along, components
from vlmrate.probe.separability import Way
from vlmrate.report.figures.inside import inside_figures
from vlmrate.report.figures.render import save
from vlmrate.report.foundfile import read_found, write_found
from vlmrate.report.table import Role
from vlmrate.report.tables.inside import inside_tables
from vlmrate.stats import Bootstrap, Estimate, Outcome, Skipped
from vlmrate.study.load import load_study
from vlmrate.study.ratings import HumanRatings

if TYPE_CHECKING:
    from probe.in_memory import InMemory
    from vlmrate.probe.directed import DirectionsOutcome
    from vlmrate.study.records import Study

EMOTIONS = ("happy", "sad", "angry", "fear", "disgust", "neutral")
NAMES = sorted(EMOTIONS)
QUICK = Way(permutations=199, bootstrap=Bootstrap(resamples=400))
FEWEST = Way(permutations=199, bootstrap=Bootstrap(resamples=20))
REPOSITORY = Path(__file__).resolve().parents[2]


def told(study: Study, *captures: InMemory, **asked: object) -> tuple[DirectionsOutcome, ...]:
    """What is found in captures."""
    way = asked.pop("way", QUICK)
    return captures_directions(captures, study, Asked(way, **asked))  # type: ignore[arg-type]  # stand in for captures


def only(outcomes: tuple[DirectionsOutcome, ...]) -> EmotionDirections:
    """What is found in the first array."""
    found = outcomes[0].found
    assert isinstance(found, EmotionDirections), found
    return found


def holds(outcome: Outcome, truth: float) -> bool:
    """Whether an interval holds a number."""
    return isinstance(outcome, Estimate) and outcome.ci_low <= truth <= outcome.ci_high


def value(outcome: Outcome) -> float:
    """The number of an estimate."""
    assert isinstance(outcome, Estimate), outcome
    return outcome.value


@pytest.fixture
def study(small) -> Study:  # type: ignore[no-untyped-def]  # the fixture's class is in a conftest
    """Forty identities in six emotions, rated by nobody."""
    return small.study(40)


def planted(study: Study, **others: object) -> PlantedModel:
    """Happy and sad at a cosine of .5, each as strong in layer 1 as it ever gets."""
    units = planted_units(EMOTIONS, 32, {("happy", "sad"): 0.5}, seed=3)
    return PlantedModel(study, units, dict.fromkeys(EMOTIONS, 4.0), profile=(0.0, 1.0, -0.5, 0.0), **others)  # type: ignore[arg-type]


def centred(model: PlantedModel) -> np.ndarray:
    """The planted effects of the emotions, by name."""
    moved = np.array([model.strength[name] * model.units[name] for name in NAMES])
    return np.asarray(moved - moved.mean(axis=0))


def test_planted_directions_are_found_in_their_layer_at_their_lengths_and_angles(study: Study) -> None:
    """Layer 1 is chosen on half of the identities; gaps and cosines of the other half hold the planted ones."""
    model = planted(study)
    found = only(told(study, captured(model)))
    assert (found.layer, found.chosen, found.units, found.rows, found.width) == (1, True, 20, 120, 32)
    strengths = [one.strength for one in found.layers]
    assert strengths[0] == pytest.approx(1.0, abs=0.4)  # nothing was written there
    assert strengths[1] > strengths[2] > 5
    truth = centred(model)
    lengths = np.linalg.norm(truth, axis=1)
    assert [one.name for one in found.emotions] == NAMES
    for one, length in zip(found.emotions, lengths, strict=True):
        assert value(one.gap) == pytest.approx(length, rel=0.06)
        assert (one.p, one.p_holm) == (0.005, 0.03)
        assert value(one.split_half) > 0.95
        assert one.split_half.ci_low < value(one.split_half) < one.split_half.ci_high
    assert sum(holds(one.gap, length) for one, length in zip(found.emotions, lengths, strict=True)) >= 5
    expected = truth @ truth.T / np.outer(lengths, lengths)
    held = [holds(p.cosine, expected[NAMES.index(p.first), NAMES.index(p.second)]) for p in found.cosines]
    assert len(held) == 15
    assert sum(held) >= 12
    (happy_sad,) = (p.cosine for p in found.cosines if (p.first, p.second) == ("happy", "sad"))
    assert holds(happy_sad, expected[NAMES.index("happy"), NAMES.index("sad")])
    assert value(happy_sad) > 0.2


def test_a_layer_that_is_named_is_told_of_all(study: Study) -> None:
    """And one that there is not is refused by the capture itself."""
    found = only(told(study, captured(planted(study)), layer=2))
    assert (found.layer, found.chosen, found.units) == (2, False, 40)
    assert value(found.emotions[0].gap) == pytest.approx(np.linalg.norm(centred(planted(study))[0]) / 2, rel=0.1)


def test_neutral_components_are_taken_out_of_directions(study: Study) -> None:
    """A wide nuisance of all pictures leaks into directions by chance, and not where it was taken out."""
    model = planted(study)
    capture = captured(model)
    nuisance = np.linalg.qr(np.random.default_rng(0).normal(size=(32, 1)))[0][:, 0]
    rng = np.random.default_rng(1)
    capture.values[:] += (60 * rng.normal(size=len(capture.ids)))[:, None, None] * nuisance
    kept, taken = only(told(study, capture, layer=1)), only(told(study, capture, layer=1, neutral_out=True))
    assert (kept.neutral_out, taken.neutral_out) == (None, 1)
    lengths = np.linalg.norm(centred(model), axis=1)
    assert np.mean([value(one.gap) for one in kept.emotions]) > 1.3 * lengths.mean()
    assert np.mean([value(one.gap) for one in taken.emotions]) == pytest.approx(lengths.mean(), rel=0.15)
    five = np.array([stimulus.factors["emotion"] != "neutral" for stimulus in study.stimuli])
    rows = [name for name, there in zip(capture.ids, five, strict=True) if there]
    with pytest.raises(ProbeError, match=r"--neutral-out: nothing in planted\.safetensors is neutral"):
        told(study, of_pictures(capture.values[five], rows), neutral_out=True)


def test_what_people_rate_is_found_along_its_component_whichever_it_is() -> None:
    """Valence is planted on the second component: |r| is 1 there and p pays for having searched them all."""
    names = tuple(NAMES)
    rng = np.random.default_rng(0)
    basis = np.linalg.qr(np.column_stack([np.ones(6), rng.normal(size=(6, 5))]))[0][:, 1:]
    effects = basis * np.array([5.0, 4.0, 3.0, 0.5, 0.3])
    spread = np.array([5.0, 4.0, 3.0, 0.5, 0.3]) ** 2
    shares = tuple(Estimate(float(s), 0.0, 1.0, 0.95, 6, "share") for s in spread / spread.sum())
    made, axes = components(effects, names, shares)
    assert np.abs(axes) == pytest.approx(np.eye(5), abs=1e-9)
    assert [max(map(abs, dict(one.scores).values())) == max(dict(one.scores).values()) for one in made] == [True] * 5
    valence = dict(zip(names, 5 + 2 * basis[:, 1] + 0.02 * rng.normal(size=6), strict=True))
    labels = np.array(names, dtype=object)
    people = People({}, {"valence": valence}, labels, labels)
    (first, second, third) = along(people, made, None, QUICK)  # the last two hold less than a tenth
    assert (first.component, second.component, third.component) == (1, 2, 3)
    assert value(second.r) > 0.99
    assert second.p is not None
    assert second.p <= 0.01
    assert all(one.p is not None and one.p > 0.05 for one in (first, third))
    assert "texts were rated by nobody" in str(second.overall)


def test_ratings_of_pictures_follow_the_other_halfs_component(study: Study) -> None:
    """People's valence is what each picture has along one planted axis: r over pictures and within emotion hold."""
    rng = np.random.default_rng(0)
    axis = np.linalg.qr(rng.normal(size=(32, 1)))[0][:, 0]
    by_emotion = dict(zip(EMOTIONS, (8.0, -6.0, -7.0, -2.0, 3.0, 4.0), strict=True))
    along_axis = np.array([by_emotion[s.factors["emotion"]] for s in study.stimuli]) + rng.normal(size=240)
    values = 0.1 * rng.normal(size=(240, 1, 32)) + along_axis[:, None, None] * axis
    rated = replace(study, ratings=_rated_as(study, along_axis))
    found = only(told(rated, of_pictures(values, [s.image_id for s in study.stimuli])))
    assert not isinstance(found.along, Skipped)
    one = next(a for a in found.along if a.component == 1 and a.item == "valence")
    assert value(one.r) > 0.99
    assert value(one.overall) > 0.98
    assert value(one.within) > 0.9


@pytest.mark.slow
def test_nothing_is_found_where_nothing_was_planted(small) -> None:  # type: ignore[no-untyped-def]  # the fixture's class is in a conftest
    """Over 200 seeds: gaps (Holm), ratings along components (the search paid for) and texts, each at .05."""
    most = binom.ppf(0.999, 200, 0.05)
    few = small.study(12)
    gaps = rated = texts = named = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        rows = [s.image_id for s in few.stimuli]
        own = 3 * rng.normal(size=(12, 2, 10)).repeat(6, axis=0)
        pictures = of_pictures(own + rng.normal(size=(72, 2, 10)), rows)
        read = of_texts(rng.normal(size=(24, 2, 10)), list(EMOTIONS) * 4)
        with_people = replace(few, ratings=_rated_as(few, np.tile(rng.normal(size=6), 12)))
        asked = Asked(replace(FEWEST, seed=seed))
        outcome = directions(pictures, "answer/emotion", with_people, asked, [read])  # type: ignore[arg-type, list-item]
        found = outcome.found
        assert isinstance(found, EmotionDirections)
        gaps += min(one.p_holm for one in found.emotions) <= 0.05
        if not isinstance(found.along, Skipped):
            rated += min(one.p or 1.0 for one in found.along) <= 0.05
        shared = outcome.texts[0].found
        assert not isinstance(shared, Skipped)
        texts += min(one.p_holm for one in shared.emotions) <= 0.05
        named += shared.p <= 0.05
    assert max(gaps, rated, texts, named) <= most


def test_directions_from_texts_are_those_of_pictures_where_planted(study: Study) -> None:
    """Texts move along units at a cosine of .8 to the pictures': found; and those of other emotions are not."""
    model = planted(study)
    rng = np.random.default_rng(0)
    aside = np.linalg.qr(np.column_stack([*model.units.values(), rng.normal(size=(32, 6))]))[0][:, 6:].T
    concepts = list(EMOTIONS) * 16
    moved = {name: 0.8 * model.units[name] + 0.6 * aside[i] for i, name in enumerate(EMOTIONS)}
    texts = np.array([3 * moved[name] for name in concepts])[:, None] + 0.2 * rng.normal(size=(96, 4, 32))
    alike = told(study, captured(model), of_texts(texts, concepts))[0].texts[0].found
    assert not isinstance(alike, Skipped), alike
    assert (alike.layer, alike.texts) == (1, 96)
    assert alike.expected == pytest.approx(1 / np.sqrt(32))
    seen = centred(model)
    read = np.array([moved[name] for name in NAMES])
    read -= read.mean(axis=0)
    truth = (seen * read).sum(axis=1) / np.linalg.norm(seen, axis=1) / np.linalg.norm(read, axis=1)
    assert sum(holds(one.cosine, t) for one, t in zip(alike.emotions, truth, strict=True)) >= 4
    assert value(alike.mean) == pytest.approx(truth.mean(), abs=0.05)
    assert alike.p == pytest.approx(1 / 720)
    assert all(one.p_holm <= 0.05 for one in alike.emotions)
    turned = [EMOTIONS[(EMOTIONS.index(name) + 1) % 6] for name in concepts]
    other = told(study, captured(model), of_texts(texts, turned))[0].texts[0].found
    assert not isinstance(other, Skipped)
    assert value(other.mean) < 0.1
    assert other.p > 0.5


def test_texts_of_another_model_or_of_groups_are_skipped_with_the_reason(study: Study) -> None:
    """And a study without emotions or identities."""
    model = planted(study)
    texts = of_texts(np.random.default_rng(0).normal(size=(24, 4, 32)), list(EMOTIONS) * 4)
    other = replace(texts, about=texts.about.model_copy(update={"model_digest": "cd" * 32}))
    narrow = of_texts(np.zeros((24, 4, 8)), list(EMOTIONS) * 4)
    groups = of_texts(np.zeros((8, 4, 32)), ["gender=f", "gender=m"] * 4)
    outcomes = told(study, captured(model), other, narrow, groups, way=FEWEST)  # type: ignore[arg-type]
    reasons = [str(one.found) for one in outcomes[0].texts]
    for reason, words in zip(reasons, ("another model", "where texts do not pass", "texts of 0"), strict=True):
        assert words in reason
    assert "no text of an emotion" in str(outcomes[3].found)
    capture = captured(model)
    tower = capture.about.arrays[0].model_copy(update={"position": "vision", "step": None, "layers": 1})
    seen = replace(capture, about=capture.about.model_copy(update={"arrays": (tower,)}), values=capture.values[:, :1])
    (beside,) = told(study, seen, texts, way=FEWEST)[0].texts  # type: ignore[arg-type]
    assert "where texts do not pass" in str(beside.found)
    for nameless, words in (("emotion", "names no emotion"), ("identity", "names no identity")):
        without = replace(study, factors=replace(study.factors, **{nameless: None}))
        assert words in str(told(without, captured(model))[0].found)


def test_the_command_finds_stores_and_shows(tmp_path: Path) -> None:
    """On the demo study's pictures with a planted model: tables, a figure, JSON, and the way back from the file."""
    study = load_study(REPOSITORY / "configs/study.yaml", results=tmp_path)
    model = planted(study)
    model.capture(tmp_path / "pictures.safetensors")
    runner = CliRunner()
    command = ["probe", "directions", str(tmp_path / "pictures.safetensors"), "--array", "answer/emotion"]
    common = ["--results", str(tmp_path), "--study", str(REPOSITORY / "configs/study.yaml"), "--resamples", "100"]
    done = runner.invoke(app, [*command, *common, "--figure", str(tmp_path / "d.svg")])
    assert done.exit_code == 0, done.output
    assert "What sets each emotion apart inside the model" in done.output
    assert "over emotions | p | r over pictures" in done.output
    assert "<svg" in (tmp_path / "d.svg").read_text(encoding="utf-8")
    found = read_found(study)
    assert found is not None
    (outcome,) = found.directions
    assert only((outcome,)).layer == 1
    (again,) = json.loads(runner.invoke(app, [*command, *common, "--json", "--neutral-out"]).output)["directions"]
    assert again["found"]["neutral_out"] >= 1
    assert read_found(study) != found
    write_found(found, study, "planted")
    assert read_found(study) == found


def test_what_was_skipped_has_its_reason_in_the_table_and_no_figure(study: Study, tmp_path: Path) -> None:
    """And a figure of two arrays, one of texts, can be drawn."""
    without = replace(study, factors=replace(study.factors, identity=None))
    outcomes = told(without, captured(planted(study)))
    (table,) = inside_tables(Found(directions=outcomes))
    assert "no identity factor" in str(table.rows[0])
    assert inside_figures(Found(directions=outcomes)) == ()
    texts = of_texts(np.random.default_rng(0).normal(size=(48, 1, 32)), list(EMOTIONS) * 8)
    both = told(study, captured(planted(study)), texts, way=FEWEST)
    (figure,) = inside_figures(Found(directions=both))
    save(figure, tmp_path / "both.svg")
    assert "cosines lie between" in figure.alt
    gaps, *_ = inside_tables(Found(directions=both))
    assert str(gaps.rows[0][0]).startswith(both[0].array)
    assert str(gaps.rows[-1][0]).startswith(both[1].capture)
    components = next(table for table in inside_tables(Found(directions=both)) if table.id == "directions-components")
    assert [column.name for column in components.columns if column.role is Role.STUB] == ["component", "item"]


def _rated_as(study: Study, numbers: np.ndarray) -> HumanRatings:
    """Ratings by people whose means are these numbers, one a picture."""
    rows = [
        {"rater_id": f"h{person}", "image_id": s.image_id, "valence": float(n), "arousal": float(n) ** 2}
        for person in range(2)
        for s, n in zip(study.stimuli, numbers, strict=True)
    ]
    return HumanRatings(("valence", "arousal"), pd.DataFrame(rows), has_singles=True)
