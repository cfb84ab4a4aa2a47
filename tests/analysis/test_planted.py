"""What was planted in simulated studies comes out of their analysis, within its intervals."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy.special import ndtr

from vlmrate.analysis import Analysis, AnalysisOptions, analyze
from vlmrate.inference.table import Results, RunOutcome
from vlmrate.simulate import planted
from vlmrate.simulate.studies import SimulatedStudy, simulate_study
from vlmrate.stats import Bootstrap, Estimate, wilson
from vlmrate.study.load import load_study
from vlmrate.study.ratings import HumanRatings
from vlmrate.study.records import Factors, Item, Labels, Likert, Stimulus, Study

if TYPE_CHECKING:
    from vlmrate.analysis.group_bias import GroupBiasOf

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "data" / "demo"
SURE = AnalysisOptions(bootstrap=Bootstrap(resamples=1000, level=0.99))
"""Many intervals are asked at once: at 95 % some would miss by chance alone."""


def holds(outcome: object, value: float) -> bool:
    """Whether an estimate's interval has the value in it."""
    assert isinstance(outcome, Estimate), outcome
    return outcome.ci_low <= value <= outcome.ci_high


@pytest.fixture(scope="module")
def demo() -> tuple[Study, dict[str, object], pd.DataFrame]:
    """The demo study, its parameters, and what is true of its images."""
    parameters = yaml.safe_load((DEMO / "parameters.yaml").read_text(encoding="utf-8"))
    items = {item["name"]: item for item in parameters["people"]["items"]}
    return load_study(ROOT / "configs" / "study.yaml"), items, pd.read_csv(DEMO / "truth.csv", index_col="image_id")


@pytest.fixture(scope="module")
def demo_analysis(lasting, demo) -> Analysis:
    """The demo's people, beside a rater that always says the same: nothing here is asked of it."""
    study, _, _ = demo
    given = {"emotion": "neutral", "valence": 5.0, "arousal": 5.0}
    rows = [lasting.row(s.image_id, item, value) for s in study.stimuli for item, value in given.items()]
    return analyze(study, lasting.results(rows), SURE)


def on_the_scale(expected: np.ndarray, item: dict[str, float]) -> dict[str, float]:
    """The variances of ratings from 1 to 9 that the planted SDs come to after rounding and clipping.

    `expected` is what a person of average severity would answer to each image, image effects included. Severity is
    integrated out on a grid, noise in closed form.
    """
    severity = np.linspace(-4, 4, 201)
    density = np.exp(-(severity**2) / 2)
    weights = density / density.sum()
    centre = expected[:, None] + item["rater_sd"] * severity[None, :]
    edges = np.arange(item["low"], item["high"]) + 0.5
    below = ndtr((edges[None, None, :] - centre[:, :, None]) / item["noise_sd"])
    points = np.arange(item["low"], item["high"] + 1)
    share = np.diff(below, axis=2, prepend=0.0, append=1.0)
    mean, square = share @ points, share @ points**2
    of_image, of_rater = mean @ weights, mean.mean(axis=0)
    rater = weights @ (of_rater - weights @ of_rater) ** 2
    total = ((square @ weights) - of_image**2).mean()
    return {"image": of_image.var(ddof=1), "rater": rater, "residual": total - rater}


@pytest.mark.parametrize("name", ["valence", "arousal"])
def test_the_demos_people_vary_as_planted(demo, demo_analysis, name):
    """Variances of images, people and residual are those planted, as they come to on a scale of whole points.

    The severity of people (SD .67 and .83) is hardly touched by the scale and must be found as planted.
    """
    _, items, truth = demo
    (split,) = [item.variance for item in demo_analysis.reliability if item.item == name]
    expected = on_the_scale(truth[f"people_{name}"].to_numpy(), items[name])
    assert holds(split.image, expected["image"])
    assert holds(split.rater, expected["rater"])
    assert holds(split.residual, expected["residual"])
    assert holds(split.rater, items[name]["rater_sd"] ** 2)


@pytest.mark.parametrize("name", ["valence", "arousal"])
def test_the_demos_images_vary_within_emotions_as_planted(demo, demo_analysis, name):
    """The variance of images of one emotion is that of what people expect, within emotions."""
    _, _, truth = demo
    (split,) = [item.variance for item in demo_analysis.reliability if item.item == name]
    emotion = truth.index.str.split("_").str[1]
    within = truth[f"people_{name}"] - truth.groupby(emotion)[f"people_{name}"].transform("mean")
    assert holds(split.image_within, float((within**2).sum() / (len(within) - emotion.nunique())))


def gaps(analysis: Analysis, name: str) -> dict[tuple[str, str], GroupBiasOf]:
    """Group gaps of an item with one rater, by group and reference."""
    (item,) = [item for item in analysis.group_bias if item.item == name]
    return {(gap.gap.group, gap.gap.reference): gap for gap in item.raters}


def test_the_demos_groups_are_seen_by_people_as_planted(demo_analysis):
    """Valence lies .3 lower where skin is medium, arousal .25 higher where hair is long.

    A rater that says the same of everyone has no effect of a group, and a bias that is people's effect turned round.
    """
    valence, arousal = gaps(demo_analysis, "valence"), gaps(demo_analysis, "arousal")
    assert holds(valence["light", "medium"].gap.people_effect, 0.3)
    assert holds(valence["medium", "dark"].gap.people_effect, -0.3)
    assert holds(arousal["short", "long"].gap.people_effect, -0.25)
    told = valence["medium", "dark"].gap
    assert "0 with a standard error of 0" in told.model_effect.reason
    assert told.bias.value == pytest.approx(-told.people_effect.value)


def as_study(simulated: SimulatedStudy, folder: Path) -> tuple[Study, Results]:
    """A simulated study as files would give it."""
    factors = ["emotion", "identity", "race", "gender"]
    stimuli = tuple(
        Stimulus(row["image_id"], folder / row["path"], {name: row[name] for name in factors})
        for row in simulated.stimuli.to_dict("records")
    )
    items = (
        Item("emotion", Labels(planted.LABELS), intended="emotion"),
        Item("valence", Likert(-50, 50)),
        Item("arousal", Likert(1, 9)),
    )
    study = Study(
        name="planted",
        file=folder / "study.yaml",
        stimuli=stimuli,
        items=items,
        factors=Factors("emotion", "identity", ("race", "gender")),
        ratings=HumanRatings(("valence", "arousal"), simulated.people, has_singles=True),
        protocol="simulated",
        results=folder / "results",
        simulated_people=True,
    )
    runs = [
        RunOutcome(rater, "simulated", len(stimuli), len(stimuli), 0, 0, {})
        for rater in simulated.ratings["rater"].unique()
    ]
    return study, Results(simulated.ratings, tuple(runs))


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Analysis:
    """384 images in four emotions and two races, and a model whose labels and biases are planted."""
    simulated = simulate_study(replace(planted.STUDY, seed=11))
    return analyze(*as_study(simulated, tmp_path_factory.mktemp("planted")), SURE)


def planted_bias(emotion: str) -> float:
    """The model's bias in an emotion, in closed form: a wrong label adds to it."""
    labels = planted.PlantedLabels.of(planted.ANSWERS_A, planted.ANSWERS_B)
    of_emotion = {"sad": planted.SAD, "happy": planted.HAPPY}.get(emotion, 0.0)
    return planted.SHIFT + of_emotion + planted.GROUP_B / 2 + planted.WRONG * (1 - labels.recall(emotion))


def test_the_bias_of_every_emotion_is_found(model):
    """By the bootstrap and by the mixed model, the interval of each emotion has the planted bias in it."""
    (rater,) = model.bias[0].raters
    (mixed,) = model.mixed_bias[0].raters
    assert model.bias[0].item == "valence"
    for emotion, effect in zip(rater.emotions, mixed.model.effects, strict=True):
        assert emotion.emotion == effect.emotion
        assert holds(emotion.bias.mean_bootstrap, planted_bias(emotion.emotion))
        assert holds(effect.bias, planted_bias(emotion.emotion))
        assert effect.bias.value == pytest.approx(emotion.bias.mean_bootstrap.value, abs=1e-6)


def test_simple_effects_are_not_the_coefficients_of_the_interaction(model):
    """The bias in sad is the reference's coefficient plus the interaction's, and each stands under its own name."""
    (rater,) = model.mixed_bias[0].raters
    terms = {c.term: c.estimate for c in rater.model.coefficients}
    effects = {effect.emotion: effect.bias.value for effect in rater.model.effects}
    assert rater.model.reference == "happy"
    assert effects["happy"] == pytest.approx(terms["rater_typerater"])
    assert effects["sad"] == pytest.approx(terms["rater_typerater"] + terms["rater_typerater:emotionsad"])
    assert rater.model.interaction.p_value < 0.001


def test_the_bias_between_groups_is_found_and_not_the_raw_effect(model):
    """Race B is rated lower by the model and higher by people: the bias is the difference of both effects.

    Gender has none planted.
    """
    found, bias = gaps(model, "valence"), planted.PlantedBias.of_study().between_groups
    race, gender = found["A", "B"], found["man", "woman"]
    assert holds(race.gap.bias, -bias)
    assert holds(race.gap.people_effect, -planted.PEOPLE_B)
    assert holds(race.gap.model_effect, -bias - planted.PEOPLE_B)
    assert holds(gender.gap.bias, 0.0)
    assert race.holm.p_adjusted < 0.05 < gender.holm.p_adjusted
    assert model.group_bias[0].family_size == 2


def test_the_confusions_are_found(model):
    """Accuracy, kappa and each label's recall have the planted ones in their intervals, and so has every cell."""
    labels = planted.PlantedLabels.of(planted.ANSWERS_A, planted.ANSWERS_B)
    (rater,) = model.classification[0].raters
    assert holds(rater.scores.accuracy, labels.accuracy)
    assert holds(rater.scores.kappa, labels.kappa)
    for scores in rater.scores.labels:
        assert holds(scores.recall, labels.recall(scores.label))
    for row, shares in zip(rater.confusion.counts, labels.shares * len(planted.LABELS), strict=True):
        for images, share in zip(row, shares, strict=True):
            assert holds(wilson(images, sum(row), level=0.999), float(share))
