"""Features in vlmrate probe bias: planted angles and answers are found, and nothing where nothing was planted."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy.stats import binom
from typer.testing import CliRunner

from probe.in_memory import DIGEST, captured, of_pictures, of_texts
from probe.planted import PlantedModel, planted_units
from vlmrate.cli.main import app
from vlmrate.errors import ProbeError
from vlmrate.probe.angles import BiasFound
from vlmrate.probe.answered import Answered
from vlmrate.probe.bias import Beside, capture_bias
from vlmrate.probe.found import Found
from vlmrate.probe.separability import Way
from vlmrate.probe.sparse.active import Pointed
from vlmrate.probe.sparse.dictionary import Dictionary
from vlmrate.probe.sparse.records import DictionaryAbout
from vlmrate.probe.sparse.store import write_dictionary
from vlmrate.report.figures.inside import inside_figures
from vlmrate.report.figures.render import drawing
from vlmrate.report.foundfile import read_found
from vlmrate.report.tables.inside import inside_tables
from vlmrate.stats import Bootstrap, Estimate, Outcome, Skipped
from vlmrate.study.load import load_study

if TYPE_CHECKING:
    from collections.abc import Sequence

    from probe.in_memory import InMemory
    from vlmrate.probe.featured import FeatureCell, FeaturesFound
    from vlmrate.study.records import Study

EMOTIONS = ("happy", "sad", "angry", "fear", "disgust", "neutral")
QUICK = Way(permutations=199, bootstrap=Bootstrap(resamples=400))
FEWEST = Way(permutations=199, bootstrap=Bootstrap(resamples=20))
NO_ANSWERS = Skipped("nobody was asked")
REPOSITORY = Path(__file__).resolve().parents[2]
LAYER = 3


@pytest.fixture
def study(small: Any) -> Study:
    """Sixty identities in six emotions, every second a woman."""
    return small.study(60)  # type: ignore[no-any-return]


def planted(study: Study) -> PlantedModel:
    """Six emotions and women, each along a direction of its own."""
    units = planted_units([*EMOTIONS, "gender=f", "free"], 32, {}, seed=3)
    strength = dict.fromkeys(EMOTIONS, 4.0) | {"gender=f": 3.0}
    return PlantedModel(study, units, strength, own=0.25)


def pointed(rows: Sequence[np.ndarray], active: np.ndarray | None = None, pictures: int = 360) -> Pointed:
    """Features along vectors; unless it is told where, each is active in every second picture."""
    units = np.array([row / np.linalg.norm(row) for row in rows])
    where = np.tile(np.arange(pictures) % 2 == 0, (len(rows), 1)).T if active is None else active
    return Pointed("planted", "answer/emotion", LAYER, tuple(f"feature:{i}" for i in range(len(rows))), units, where)


def told(study: Study, capture: InMemory, features: Pointed, given: Answered | Skipped = NO_ANSWERS, way: Way = QUICK,
         texts: Sequence[InMemory] = ()) -> BiasFound:  # fmt: skip
    """What is found in the array of a capture that features are for."""
    (outcome,) = capture_bias(capture, study, Beside(texts, given, features), way)  # type: ignore[arg-type]  # stand in for captures
    assert isinstance(outcome.found, BiasFound), outcome.found
    return outcome.found


def features_in(found: BiasFound) -> FeaturesFound:
    """What was found of features."""
    assert found.features is not None
    return found.features


def cells(found: BiasFound, number: int = 0) -> dict[str, FeatureCell]:
    """A feature's cells by what it is held against."""
    return {cell.other: cell for cell in features_in(found).features[number].cells}


def estimate(outcome: Outcome | None) -> Estimate:
    """An estimate that must be one."""
    assert isinstance(outcome, Estimate), outcome
    return outcome


def holds(outcome: Outcome | None, truth: float) -> bool:
    """Whether an interval holds a number."""
    one = estimate(outcome)
    return one.ci_low <= truth <= one.ci_high


def test_planted_angles_of_features_are_found(study: Study) -> None:
    """At .6 to women and to what sets happy apart at .8 sqrt(5/6), which is the emotion's own; one along nothing."""
    model = planted(study)
    happy = model.units["happy"]
    women = model.units["gender=f"]
    found = told(study, captured(model), pointed([0.6 * women + 0.8 * happy, model.units["free"]]))
    assert (found.layer, found.chosen, found.identities) == (LAYER, False, 60)
    first, second = cells(found), cells(found, 1)
    assert list(first) == [*sorted(EMOTIONS), "gender=f"]
    assert holds(first["gender=f"].unattenuated, 0.6)
    assert holds(first["happy"].unattenuated, 0.8 * np.sqrt(5 / 6))
    assert "over the root of the other direction's reliability" in estimate(first["happy"].unattenuated).method
    assert first["gender=f"].p == 0.005
    assert first["happy"].p == 0.005
    # The others sum to what happy is not.
    assert holds(first["sad"].unattenuated, -0.8 * np.sqrt(5 / 6) / 5)
    assert all(cell.p > 0.005 or abs(estimate(cell.cosine).value) < 0.1 for cell in second.values())
    assert abs(estimate(second["gender=f"].cosine).value) < 0.2
    assert all(cell.text is None and cell.label is None and cell.shifts == () for cell in first.values())


def test_a_large_effect_of_one_emotion_hides_no_small_one_of_another(study: Study) -> None:
    """Far along happy and a little along sad: both hold, and fear, which lies at 0 but for its share of the sum."""
    model = planted(study)
    units = np.array([model.units[name] for name in EMOTIONS])
    # Cosines with effects of emotions, which sum to zero: 1 to happy, .15 to sad, -.85 to angry, 0 to the others.
    wanted = np.array([1.0, 0.15, -1.15, 0.0, 0.0, 0.0])
    feature = wanted @ units
    first = cells(told(study, captured(model), pointed([feature])))
    assert first["sad"].p == 0.005
    assert first["fear"].p > 0.005
    assert estimate(first["sad"].cosine).value == pytest.approx(
        0.15 / np.linalg.norm(wanted) / np.sqrt(5 / 6), abs=0.03
    )


def test_cosines_are_those_of_the_directions(study: Study) -> None:
    """With no drawing: a feature along the found direction of women has the cosines that the group has."""
    model = planted(study)
    capture = captured(model)
    found = told(study, capture, pointed([model.units["free"]]))
    values = capture.values[:, LAYER].astype(float)
    women = np.array([s.factors["gender"] == "f" for s in study.stimuli])
    apart = values[women].mean(axis=0) - values[~women].mean(axis=0)
    again = told(study, capture, pointed([apart]))
    assert estimate(cells(again)["gender=f"].cosine).value == pytest.approx(1)
    for cell in found.cells:
        own = cells(again)[cell.emotion]
        assert estimate(own.cosine).value == pytest.approx(estimate(cell.cosine).value)


def test_the_same_features_are_held_against_texts(study: Study) -> None:
    """Words for women lie at .6 to the feature, those for sad at .8; what dealt words do is told beside."""
    model = planted(study)
    rng = np.random.default_rng(0)
    feature = 0.6 * model.units["gender=f"] + 0.8 * model.units["sad"]
    concepts = [*EMOTIONS, "gender=f", "gender=m"] * 20
    at = {"gender=f": 4 * model.units["gender=f"], "gender=m": np.zeros(32)}
    at |= {name: 4 * model.units[name] for name in EMOTIONS}
    values = np.array([at[name] for name in concepts])[:, None] + 0.1 * rng.normal(size=(160, 4, 32))
    found = told(study, captured(model), pointed([feature]), texts=[of_texts(values, concepts)])
    first = cells(found)
    assert estimate(first["gender=f"].text).value == pytest.approx(0.6, abs=0.03)
    assert estimate(first["sad"].text).value == pytest.approx(0.8 * np.sqrt(5 / 6), abs=0.03)
    assert first["gender=f"].text_p == first["sad"].text_p == 0.005
    assert first["gender=f"].text_p_holm == pytest.approx(7 * 0.005)
    (_, _, between) = features_in(found).correspondences
    assert (between.first, between.second, between.cells, between.p_dealt) == ("texts", "pictures", 6, None)
    assert between.p is not None
    several = 3 * model.units["happy"] - 2 * model.units["fear"] + 1.3 * model.units["sad"] + model.units["angry"]
    again = told(study, captured(model), pointed([several]), texts=[of_texts(values, concepts)])
    (_, _, between) = features_in(again).correspondences
    assert estimate(between.rho).value > 0.8


def test_texts_do_not_pass_the_vision_tower(study: Study) -> None:
    """Its features are told of pictures, but not beside texts in the block of the same number, however wide it is."""
    model = planted(study)
    capture = captured(model)
    (array,) = capture.about.arrays
    tower = array.model_copy(update={"position": "vision", "step": None, "layers": 1})
    capture = replace(
        capture,
        about=capture.about.model_copy(update={"arrays": (tower,)}),
        values=capture.values[:, LAYER : LAYER + 1],
    )
    features = replace(pointed([model.units["happy"]]), array="vision", layer=0)
    texts = of_texts(np.random.default_rng(0).normal(size=(32, 4, 32)), [*EMOTIONS, "gender=f", "gender=m"] * 4)
    found = told(study, capture, features, texts=[texts])
    assert cells(found)["happy"].p == 0.005
    assert cells(found)["happy"].text is None
    assert found.texts == Skipped("the pictures were read where texts do not pass")


def test_one_text_a_concept_proves_nothing(study: Study) -> None:
    """Nothing is left over that an effect could be held against: p of texts is 1."""
    model = planted(study)
    concepts = [*EMOTIONS, "gender=f", "gender=m"]
    values = np.random.default_rng(0).normal(size=(len(concepts), 4, 32))
    found = told(study, captured(model), pointed([model.units["free"]]), way=FEWEST, texts=[of_texts(values, concepts)])
    assert {cell.text_p for cell in cells(found).values()} == {1.0}


def answers(study: Study, rises: np.ndarray, seed: int = 0) -> Answered:
    """Probabilities of labels (pictures, emotions) that rise by so much, and noise; valence is people's."""
    rng = np.random.default_rng(seed)
    posed = np.array([[s.factors["emotion"] == name for name in EMOTIONS] for s in study.stimuli], dtype=float)
    given = 0.3 * posed + 0.1 + rises + 0.01 * rng.normal(size=posed.shape)
    people = study.ratings.means("valence")["mean"] if study.ratings is not None else None
    ratings = (
        {} if people is None else {"valence": people.reindex([s.image_id for s in study.stimuli]).to_numpy(copy=True)}
    )
    return Answered("planted", "context-carry", "emotion", EMOTIONS, given, True, ratings)


def test_answers_where_a_feature_is_active_are_told(small: Any) -> None:
    """Happy is likelier by .2 and sad faces are rated 1 higher where it is active; women's pictures have it more."""
    plain = small.study(40)
    study = replace(plain, ratings=small.people(plain))
    rng = np.random.default_rng(1)
    emotions = np.array([s.factors["emotion"] for s in study.stimuli])
    women = np.array([s.factors["gender"] == "f" for s in study.stimuli])
    active = rng.random(240) < np.where(women, 0.7, 0.3)
    active[emotions == "angry"] = True  # no picture of angry tells what it does
    rises = np.outer(0.2 * active, [1, 0, 0, 0, 0, 0])
    given = answers(study, rises)
    given.ratings["valence"][:] += 0.1 * rng.normal(size=240)  # type: ignore[index]  # an array
    given.ratings["valence"][(emotions == "sad") & active] += 1  # type: ignore[index]  # an array
    model = planted(study)
    features = pointed([model.units["free"]], active[:, None])
    first = cells(told(study, captured(model), features, given, FEWEST))
    assert holds(first["happy"].label, 0.2)
    assert estimate(first["happy"].label).ci_low > 0.15
    assert abs(estimate(first["fear"].label).value) < 0.02
    assert holds(first["sad"].shifts[0].bias, 1.0)
    assert abs(estimate(first["happy"].shifts[0].bias).value) < 0.1
    assert first["angry"].shifts[0].bias == Skipped(
        "the feature is not both active and not active in pictures of two people"
    )
    shares = [active[women & (emotions == e)].mean() - active[~women & (emotions == e)].mean() for e in EMOTIONS]
    assert estimate(first["gender=f"].active).value == pytest.approx(np.mean(shares))
    assert estimate(first["gender=f"].active).ci_low > 0.1
    own = active[emotions == "sad"].mean() - active[emotions != "sad"].mean()
    assert estimate(first["sad"].active).value == pytest.approx(own)
    assert first["gender=f"].label is None
    everywhere = replace(features, active=np.ones((240, 1), dtype=bool))
    never = cells(told(study, captured(model), everywhere, given, FEWEST))
    assert "not both active" in str(never["happy"].label)
    assert "all others" in str(never["happy"].active)


def test_only_rated_pictures_count_as_sides(small: Any) -> None:
    """One rated sad face with the feature tells nothing of sad faces, and costs no other emotion its gap."""
    study = small.study(40)
    rng = np.random.default_rng(1)
    active = rng.random(240) < 0.5
    sad = np.array([s.factors["emotion"] == "sad" for s in study.stimuli])
    given = answers(study, np.outer(0.2 * active, [1, 0, 0, 0, 0, 0]))
    given.given[np.flatnonzero(sad & active)[1:]] = np.nan
    model = planted(study)
    found = told(study, captured(model), pointed([model.units["free"]], active[:, None]), given, FEWEST)
    shown = np.array([s.factors["emotion"] for s in study.stimuli])
    gaps = [given.given[active & (shown == e), 0].mean() - given.given[~active & (shown == e), 0].mean()
            for e in EMOTIONS if e != "sad"]  # fmt: skip
    assert estimate(cells(found)["happy"].label).value == pytest.approx(np.mean(gaps))


def test_a_feature_that_is_active_everywhere_leaves_the_others_told(study: Study) -> None:
    """Its cells have no labels beside them and are left out; without any other, texts still stand beside cosines."""
    model = planted(study)
    rng = np.random.default_rng(2)
    active = rng.random((360, 2)) < 0.5
    three = np.column_stack([active[:, :1], np.ones(360, dtype=bool), active[:, 1:]])
    rows = [model.units["happy"] + 0.3 * model.units["fear"], model.units["sad"], model.units["fear"]]
    given = answers(study, rng.random((360, 6)) * active[:, :1])
    capture, texts = captured(model), [of_texts(rng.normal(size=(32, 4, 32)), [*EMOTIONS, "gender=f", "gender=m"] * 4)]

    def of(which: list[int]) -> list[Any]:
        features = pointed([rows[i] for i in which], three[:, which])
        found = told(study, capture, features, given, FEWEST, texts)
        return [(one.cells, one.rho) for one in features_in(found).correspondences]

    assert of([0, 1, 2]) == of([0, 2])
    (labels, _, texts_with_pictures) = of([1])
    assert "not both active" in str(labels[1])
    assert texts_with_pictures[0] == 6
    assert isinstance(texts_with_pictures[1], Estimate)


def test_labels_follow_the_cosines_where_they_are_read_along_features(study: Study) -> None:
    """Four features at planted angles to emotions; each raises labels as it lies along them: rho is 1 but for noise."""
    model = planted(study)
    rng = np.random.default_rng(2)
    mixed = rng.normal(size=(4, 6))
    units = np.array([model.units[name] for name in EMOTIONS])
    active = rng.random((360, 4)) < 0.5
    features = pointed(list(mixed @ (units - units.mean(axis=0))), active)
    cosines = features.units @ (units - units.mean(axis=0)).T
    given = answers(study, active @ (0.2 * cosines))
    (labels, *_) = features_in(told(study, captured(model), features, given)).correspondences
    assert (labels.first, labels.second, labels.cells, labels.p_dealt) == ("pictures", "labels", 24, None)
    assert estimate(labels.rho).value > 0.9
    assert labels.p is not None
    assert labels.p <= 0.05
    still = answers(study, np.zeros((360, 6)))
    (none, *_) = features_in(told(study, captured(model), features, still)).correspondences
    assert abs(estimate(none.rho).value) < 0.6


@pytest.mark.slow
def test_nothing_is_found_where_nothing_was_planted(small: Any) -> None:
    """Over 200 seeds: features beside emotions and identities, answers and texts apart from both."""
    most = binom.ppf(0.999, 200, 0.05)
    few = small.study(16)
    rows = [s.image_id for s in few.stimuli]
    false = Counter[str]()
    for seed in range(200):
        rng = np.random.default_rng(seed)
        moved = np.hstack([2 * rng.normal(size=(6, 6)), np.zeros((6, 6))])  # emotions in dimensions of their own
        values = np.tile(moved, (16, 1)) + rng.normal(size=(16, 12)).repeat(6, axis=0) + rng.normal(size=(96, 12))
        directions = np.hstack([np.zeros((1, 6)), rng.normal(size=(1, 6))])
        features = replace(pointed(list(directions), rng.random((96, 1)) < 0.5), layer=0)
        given = Answered("p", "c", "emotion", EMOTIONS, rng.random((96, 6)), True, {})
        concepts = of_texts(rng.normal(size=(32, 1, 12)), [*EMOTIONS, "gender=f", "gender=m"] * 4)
        way = replace(FEWEST, permutations=99, seed=seed)
        found = features_in(told(few, of_pictures(values[:, None], rows), features, given, way, [concepts]))
        cells = found.features[0].cells
        (emotion, group), label = (cells[0], cells[-1]), estimate(cells[0].label)
        false["emotion"] += emotion.p <= 0.05
        false["group"] += group.p <= 0.05
        false["emotion, texts"] += (emotion.text_p or 0.0) <= 0.05
        false["group, texts"] += (group.text_p or 0.0) <= 0.05
        false["orders"] += min(one.p_holm or 0.0 for one in found.correspondences) <= 0.05
        false["label"] += not label.ci_low <= 0 <= label.ci_high
    assert max(false.values()) <= most, false
    assert min(false.values()) > 0, false


def written(model: PlantedModel, file: Path) -> None:
    """A dictionary of its directions for answers to the emotion's step after one block."""
    names = list(model.units)
    decoder = np.array([model.units[name] for name in names], np.float32)
    about = DictionaryAbout(
        model=model.name, model_digest=model.digest, array="answer/emotion", layer=LAYER, width=model.width,
        size=len(names), kind="jumprelu", centred=False,
    )  # fmt: skip
    nothing = np.zeros(len(names), np.float32), np.zeros(model.width, np.float32)
    threshold = np.full(len(names), 2.0, np.float32)
    threshold[-1] = 99.0
    write_dictionary(file, Dictionary(about, decoder.T, nothing[0], decoder, nothing[1], threshold))


def test_the_command_takes_features(tmp_path: Path) -> None:
    """On the demo study: tables, figures and the way back from the file; what does not fit is said in a sentence."""
    study = load_study(REPOSITORY / "configs/study.yaml", results=tmp_path)
    units = planted_units([*EMOTIONS, "skin=dark", "hair=long", "free"], 32, {("happy", "skin=dark"): 0.5}, seed=3)
    strength = dict.fromkeys(EMOTIONS, 4.0) | {"skin=dark": 3.0, "hair=long": 3.0}
    model = PlantedModel(study, units, strength, own=0.2, digest=DIGEST)
    model.capture(tmp_path / "pictures.safetensors")
    written(model, tmp_path / "planted.safetensors")
    base = ["probe", "bias", str(tmp_path / "pictures.safetensors"), "--results", str(tmp_path), "--study",
            str(REPOSITORY / "configs/study.yaml"), "--resamples", "100", "--permutations", "199"]  # fmt: skip
    whole = [*base, "--dictionary", str(tmp_path / "planted.safetensors")]
    done = CliRunner().invoke(app, [*whole, "--direction", "feature:0", "--direction", "feature:6"])
    assert done.exit_code == 0, done.output
    for words in ("answer/emotion, layer 3: features of planted", "feature:0, happy", "More often active"):
        assert words in done.output
    found = read_found(study)
    assert found is not None
    (outcome,) = found.bias
    assert (outcome.array, isinstance(outcome.found, BiasFound)) == ("answer/emotion", True)
    assert isinstance(outcome.found, BiasFound)
    happy, dark = cells(outcome.found), cells(outcome.found, 1)
    assert estimate(happy["happy"].cosine).value > 0.7
    assert happy["happy"].p_holm <= 0.1
    assert estimate(dark["skin=dark"].cosine).value > 0.7
    (angles, features) = inside_figures(found)
    assert (angles.id, features.id) == ("fig-bias-angles", "fig-bias-features")
    assert len(drawing(features).axes) == 2
    ids = [table.id for table in inside_tables(Found(bias=found.bias))]
    assert ids == ["bias-angles", "bias-features", "bias-together"]
    (where,) = (table for table in inside_tables(found) if table.id == "bias-features")
    assert "Label given more often" not in " ".join(where.notes)  # nobody was asked
    for wrong, words in (
        ([*base, "--direction", "feature:0"], "name it with --dictionary"),
        (whole, "name the features that you want told"),
        ([*whole, "--direction", "happy"], "every emotion and every group is told"),
        ([*whole, "--direction", "feature:99"], "there is no feature:99"),
        ([*whole, "--direction", "feature:8"], "activates it"),
        ([*whole, "--direction", "feature:0", "--layer", "1"], "is for layer 3 of answer/emotion"),
        ([*whole, "--direction", "feature:0", "--array", "answer/valence"], "leave --array and --layer out"),
    ):
        failed = CliRunner().invoke(app, wrong)
        assert isinstance(failed.exception, ProbeError), wrong
        assert words in str(failed.exception)
    assert json.loads(CliRunner().invoke(app, [*whole, "--direction", "feature:0", "--json"]).output)["bias"]
