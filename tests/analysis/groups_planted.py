"""Studies with planted groups, as analysis meets them, that the tests of groups share."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from vlmrate.analysis.data import Material, gather
from vlmrate.analysis.options import AnalysisOptions
from vlmrate.inference.table import Results, RunOutcome
from vlmrate.simulate import planted
from vlmrate.simulate.models import Confusion, ModelItem, ModelParameters
from vlmrate.simulate.studies import SimulatedStudy, simulate_study
from vlmrate.stats import Bootstrap, Estimate
from vlmrate.study.ratings import HumanRatings
from vlmrate.study.records import Factors, Item, Labels, Likert, Stimulus, Study

if TYPE_CHECKING:
    import pandas as pd

SURE = AnalysisOptions(bootstrap=Bootstrap(resamples=1000, level=0.99))
"""Many intervals are asked at once: at 95 % some would miss by chance alone."""
FACTORS = Factors("emotion", "identity", ("race", "gender"))


def holds(outcome: object, value: float) -> bool:
    """Whether an estimate's interval has the value in it."""
    assert isinstance(outcome, Estimate), outcome
    return outcome.ci_low <= value <= outcome.ci_high


def material_of(
    made: SimulatedStudy,
    *,
    options: AnalysisOptions = SURE,
    factors: Factors = FACTORS,
    ratings: pd.DataFrame | None = None,
    people: pd.DataFrame | None = None,
) -> Material:
    """A simulated study gathered; `ratings` and `people` stand in for its own where given."""
    columns = ["emotion", "identity", "race", "gender"]
    stimuli = tuple(
        Stimulus(row["image_id"], Path(row["path"]), {name: row[name] for name in columns})
        for row in made.stimuli.to_dict("records")
    )
    table = made.ratings if ratings is None else ratings
    study = Study(
        name="planted",
        file=Path("study.yaml"),
        stimuli=stimuli,
        items=(Item("emotion", Labels(planted.LABELS), intended="emotion"), Item("valence", Likert(-50, 50))),
        factors=factors,
        ratings=HumanRatings(("valence",), made.people if people is None else people, has_singles=True),
        protocol="simulated",
        results=Path("results"),
        simulated_people=True,
    )
    runs = [RunOutcome(rater, "simulated", len(stimuli), len(stimuli), 0, 0, {}) for rater in table["rater"].unique()]
    return gather(study, Results(table, tuple(runs)), options)


def planted_study(seed: int = 11) -> SimulatedStudy:
    """384 images of 96 identities; race B is rated lower by the model, and its anger is taken for sadness."""
    return simulate_study(replace(planted.STUDY, seed=seed))


def fair_study(raters: int, seed: int = 2) -> SimulatedStudy:
    """Raters without any bias between groups, each of whom likes some identities better than others: 192 images."""
    models = tuple(
        ModelParameters(
            f"fair{number:03d}",
            (ModelItem("valence", shift=0.5, identity_sd=0.5, noise_sd=0.7),),
            (Confusion(planted.ANSWERS_A),),
            identity_share=0.3,
        )
        for number in range(raters)
    )
    design = replace(planted.STUDY.design, identities_a_cell=12)
    people = replace(planted.STUDY.people, items=planted.STUDY.people.items[:1])
    study = replace(planted.STUDY, seed=seed, design=design, people=people, models=models)
    return simulate_study(study)
