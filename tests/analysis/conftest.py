"""A study with raters of planted kinds, ready to be asked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from vlmrate.analysis.data import Material, gather
from vlmrate.analysis.options import AnalysisOptions
from vlmrate.inference.table import Results, RunOutcome
from vlmrate.simulate.models import Confusion, ModelItem, ModelParameters
from vlmrate.simulate.people import GroupEffect, ItemParameters, PeopleParameters
from vlmrate.simulate.studies import DesignParameters, SimulatedStudy, StudyParameters, simulate_study
from vlmrate.stats import Bootstrap
from vlmrate.study.ratings import HumanRatings
from vlmrate.study.records import Factors, Item, Labels, Likert, Stimulus, Study

if TYPE_CHECKING:
    from collections.abc import Callable

EMOTIONS = ("happy", "sad", "angry", "neutral")
TRUTH = {
    "valence": {"happy": 7.0, "sad": 3.5, "angry": 3.0, "neutral": 5.0},
    "arousal": {"happy": 6.0, "sad": 4.0, "angry": 6.5, "neutral": 3.5},
}
WRONG_SADNESS = 0.3
BLIND_TO_ANGER, STRETCH, MOVED = -1.5, 2.0, 1.2
RIGHT = Confusion({emotion: {emotion: 1.0} for emotion in EMOTIONS})
FOOLED = Confusion(
    {emotion: {emotion: 1.0} for emotion in EMOTIONS} | {"sad": {"sad": 1 - WRONG_SADNESS, "neutral": WRONG_SADNESS}}
)


def both(**named: object) -> tuple[ModelItem, ...]:
    """The same behaviour on both scales."""
    return tuple(ModelItem(item, **named) for item in TRUTH)


MODELS = (
    ModelParameters("close", both(noise_sd=0.2), (RIGHT,)),
    ModelParameters("angerblind", both(effects=(GroupEffect("emotion", "angry", BLIND_TO_ANGER),)), (RIGHT,)),
    ModelParameters("noisy", both(noise_sd=4.0), (RIGHT,)),
    ModelParameters("reciting", both(noise_sd=0.1, prototypes=(5.0,)), (RIGHT,)),
    ModelParameters("blank", both(gain=0.0, noise_sd=0.1, prototypes=(5.0,)), (RIGHT,)),
    ModelParameters("stretched", both(gain=STRETCH, noise_sd=0.2), (RIGHT,)),
    ModelParameters("fooled", both(wrong_label=MOVED, noise_sd=0.2), (FOOLED,)),
    ModelParameters("valencewise", (ModelItem("valence", noise_sd=0.1), ModelItem("arousal", noise_sd=2.0)), (RIGHT,)),
    ModelParameters("arousalwise", (ModelItem("valence", noise_sd=2.0), ModelItem("arousal", noise_sd=0.1)), (RIGHT,)),
)


def simulated() -> SimulatedStudy:
    """160 images of 40 identities in four emotions, twenty ratings an image, nine raters."""
    people = (
        ItemParameters("valence", 1, 9, 1.0, 0.3, 0.3, 1.0),
        ItemParameters("arousal", 1, 9, 1.0, 0.3, 0.3, 1.0),
    )
    return simulate_study(
        StudyParameters(
            seed=3,
            design=DesignParameters(10, TRUTH, 0.5, {"race": ("A", "B"), "gender": ("man", "woman")}),
            people=PeopleParameters(seed=3, raters=40, images_a_rater=80, items=people),
            models=MODELS,
        )
    )


def as_study(made: SimulatedStudy, folder: Path) -> tuple[Study, Results]:
    """A simulated study as files would give it."""
    factors = ["emotion", "identity", "race", "gender"]
    stimuli = tuple(
        Stimulus(row["image_id"], folder / row["path"], {name: row[name] for name in factors})
        for row in made.stimuli.to_dict("records")
    )
    items = (
        Item("emotion", Labels(EMOTIONS), intended="emotion"),
        Item("valence", Likert(1, 9)),
        Item("arousal", Likert(1, 9)),
    )
    study = Study(
        name="kinds",
        file=folder / "study.yaml",
        stimuli=stimuli,
        items=items,
        factors=Factors("emotion", "identity", ("race", "gender")),
        ratings=HumanRatings(("valence", "arousal"), made.people, has_singles=True),
        protocol="simulated",
        results=folder / "results",
        simulated_people=True,
    )
    raters = made.ratings["rater"].unique()
    runs = [RunOutcome(rater, "simulated", len(stimuli), len(stimuli), 0, 0, {}) for rater in raters]
    return study, Results(made.ratings, tuple(runs))


@pytest.fixture(scope="session")
def kinds() -> Material:
    """Raters of planted kinds beside simulated people."""
    study, results = as_study(simulated(), Path("kinds"))
    return gather(study, results, AnalysisOptions(bootstrap=Bootstrap(resamples=300)))


@pytest.fixture
def material(small) -> Callable[..., Material]:
    """Gather a small study and its raters' rows."""

    def of(study: Study, *raters: list[dict[str, object]], **options: object) -> Material:
        return gather(study, small.results(*raters), AnalysisOptions(bootstrap=Bootstrap(resamples=200), **options))

    return of
