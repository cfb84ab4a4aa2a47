"""What the statistics examined read from a simulated study: columns of ratings, and single statistics of them.

Columns are remembered for the study at hand: some sixty statistics read the same ones.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.special import ndtr

from vlmrate import stats
from vlmrate.simulate.planted import LABELS, MODEL

if TYPE_CHECKING:
    from collections.abc import Callable

    from vlmrate.simulate.coverage import Statistic
    from vlmrate.simulate.studies import SimulatedStudy
    from vlmrate.stats import Bootstrap, Outcome


@lru_cache(maxsize=8)
def factor(study: SimulatedStudy, name: str) -> Any:
    """Return a column of the stimuli, in their order."""
    return study.factor(name).to_numpy()


@lru_cache(maxsize=8)
def answers(study: SimulatedStudy, item: str, column: str = "value") -> Any:
    """Return the model's answers, by image_id."""
    return study.answers(MODEL, item, column=column)


@lru_cache(maxsize=8)
def means(study: SimulatedStudy, item: str) -> Any:
    """Return people's mean of every image, by image_id."""
    return study.means(item)


def identity(study: SimulatedStudy) -> Any:
    """Return each image's identity: the clusters."""
    return factor(study, "identity")


@lru_cache(maxsize=8)
def answered(study: SimulatedStudy) -> tuple[Any, Any]:
    """Return each image's intended label and the model's answer."""
    return factor(study, "emotion"), answers(study, "emotion").to_numpy()


@lru_cache(maxsize=8)
def valence(study: SimulatedStudy) -> tuple[Any, Any]:
    """Return each image's valence by the model, and the mean of people."""
    return answers(study, "valence").to_numpy(dtype=float), means(study, "valence").to_numpy()


@lru_cache(maxsize=8)
def arousal(study: SimulatedStudy) -> tuple[Any, Any]:
    """Return the model's arousal and people's single ratings, both by image_id."""
    return answers(study, "arousal"), study.people.set_index("image_id")["arousal"]


def clustered(statistic: Callable[..., Outcome]) -> Statistic:
    """Apply a statistic of model and people, identities drawn whole."""
    return lambda study, bootstrap: statistic(*valence(study), clusters=identity(study), bootstrap=bootstrap)


def grouped(statistic: Callable[..., Outcome]) -> Statistic:
    """Apply such a statistic within or between emotions."""
    return lambda study, bootstrap: statistic(
        *valence(study), factor(study, "emotion"), clusters=identity(study), bootstrap=bootstrap
    )


def corrected(statistic: Statistic) -> Statistic:
    """Make the interval by BCa: for what few images make too large, such as shares of variance."""
    return lambda study, bootstrap: statistic(study, replace(bootstrap, interval="bca"))


def of_sad(statistic: Callable[..., Outcome]) -> Statistic:
    """Apply a statistic that takes images for independent to the sad ones: one an identity."""

    def over(study: SimulatedStudy, bootstrap: Bootstrap) -> Outcome:
        model, human = valence(study)
        sad = factor(study, "emotion") == "sad"
        return statistic(model[sad], human[sad], level=bootstrap.level)

    return over


def independent_kappa(study: SimulatedStudy, bootstrap: Bootstrap) -> Outcome:
    """Return the asymptotic kappa over one image an identity, its emotion in turn."""
    truth, answers = answered(study)
    place = np.arange(len(truth))
    one = place // len(LABELS) % len(LABELS) == place % len(LABELS)
    return stats.cohen_kappa_asymptotic(truth[one], answers[one], LABELS, level=bootstrap.level)


def weighted_kappa(study: SimulatedStudy, bootstrap: Bootstrap) -> Outcome:
    """Return quadratic kappa, the labels taken in their order."""
    return stats.weighted_kappa(*answered(study), LABELS, clusters=identity(study), bootstrap=bootstrap)


def gwet(study: SimulatedStudy, bootstrap: Bootstrap) -> Outcome:
    """Return AC1 of the model with the intended label, invalid answers a category of their own."""
    truth, answers = answered(study)
    given = np.array([stats.INVALID if answer is None else answer for answer in answers], dtype=object)
    return stats.gwet_ac_bootstrap(
        np.tile(study.stimuli["image_id"].to_numpy(), 2),
        np.repeat(["intended", MODEL], len(truth)),
        np.concatenate([truth, given]),
        (*LABELS, stats.INVALID),
        clusters=np.tile(identity(study), 2),
        bootstrap=bootstrap,
    )


def limits_of_sad(study: SimulatedStudy, bootstrap: Bootstrap) -> stats.BlandAltman | stats.Skipped:
    """Return the limits of agreement over the sad images, which are independent."""
    model, human = valence(study)
    sad = factor(study, "emotion") == "sad"
    return stats.bland_altman(model[sad], human[sad], level=bootstrap.level)


def spoken_against_weighted(study: SimulatedStudy, bootstrap: Bootstrap) -> stats.DimensionalDifference | stats.Skipped:
    """Return what spoken ratings lose against weighted ones."""
    spoken, weighted = (answers(study, "arousal", column) for column in ("value", "expected"))
    return stats.compare_dimensional(
        spoken.to_numpy(dtype=float),
        weighted.to_numpy(),
        means(study, "arousal").to_numpy(),
        clusters=identity(study),
        bootstrap=bootstrap,
    )


def katz(study: SimulatedStudy, bootstrap: Bootstrap) -> Outcome:
    """Return the ratio of recalls of angry, group B over A, with Katz's interval."""
    truth, answers = answered(study)
    angry = truth == "angry"
    race = factor(study, "race")[angry]
    return stats.accuracy_ratio(answers[angry] == "angry", race, "B", "A", level=bootstrap.level)


def ratio(study: SimulatedStudy, bootstrap: Bootstrap) -> Outcome:
    """Return the ratio of accuracies, group B over A."""
    truth, answers = answered(study)
    return stats.accuracy_ratio_bootstrap(
        truth == answers, factor(study, "race"), "B", "A", clusters=identity(study), bootstrap=bootstrap
    )


def entropy_of_answers(study: SimulatedStudy, bootstrap: Bootstrap) -> Outcome:
    """Return the entropy of the model's labels."""
    _, answers = answered(study)
    return stats.entropy(answers, LABELS, clusters=identity(study), bootstrap=bootstrap)


def share_between(study: SimulatedStudy, bootstrap: Bootstrap) -> Outcome:
    """Return the share of the variance of people's valence that lies between emotions."""
    _, human = valence(study)
    return stats.share_between(human, factor(study, "emotion"), clusters=identity(study), bootstrap=bootstrap)


@lru_cache(maxsize=8)
def people(study: SimulatedStudy) -> tuple[Any, Any, Any, Any]:
    """Return image, rater, arousal and identity of every rating that people gave."""
    people = study.people
    identity = people["image_id"].map(study.factor("identity")).to_numpy()
    images, raters, values = (people[name].to_numpy() for name in ("image_id", "rater_id", "arousal"))
    return images, raters, values, identity


def alpha(study: SimulatedStudy, bootstrap: Bootstrap) -> Outcome:
    """Return Krippendorff's alpha of people's arousal."""
    images, raters, values, identity = people(study)
    return stats.krippendorff_alpha(images, raters, values, "ordinal", clusters=identity, bootstrap=bootstrap)


def icc(study: SimulatedStudy, bootstrap: Bootstrap) -> stats.Icc | stats.Skipped:
    """Return the intraclass correlations of people's arousal.

    With two resamples nobody looks at the interval, and three groups to leave out are enough for there to be one.
    """
    images, raters, values, identity = people(study)
    groups = max(3, min(96, bootstrap.resamples))
    return stats.icc_from_components(
        images, raters, values, k=24, clusters=identity, level=bootstrap.level, groups=groups
    )


def split_of_sad(study: SimulatedStudy, bootstrap: Bootstrap) -> stats.BiasSplit:
    """Return the split of the bias of sad images."""
    sad = factor(study, "emotion") == "sad"
    columns = [column[sad] for column in (*valence(study), *answered(study))]
    (told,) = stats.bias_split(*columns, clusters=identity(study)[sad], bootstrap=bootstrap)
    return told


def intersection(study: SimulatedStudy, bootstrap: Bootstrap) -> Outcome:
    """Return the bias of one intersection against all other images."""
    cells = stats.intersect(factor(study, "race"), factor(study, "gender"))
    return stats.group_gap(*valence(study), cells, "B x woman", clusters=identity(study), level=bootstrap.level).bias


def interaction(study: SimulatedStudy, bootstrap: Bootstrap) -> Outcome:
    """Return the interaction of both factors' biases."""
    factors = factor(study, "race"), factor(study, "gender")
    gaps = stats.interaction_gaps(*valence(study), *factors, clusters=identity(study), level=bootstrap.level)
    return gaps if isinstance(gaps, stats.Skipped) else gaps[0].bias


def seen_in_groups(study: SimulatedStudy, bootstrap: Bootstrap) -> Outcome:
    """Return the difference of d' for angry between the groups."""
    race = factor(study, "race")
    gaps = stats.detection_gaps(*answered(study), LABELS, race, "B", "A", clusters=identity(study), bootstrap=bootstrap)
    return gaps[2].d_prime


def decoded(study: SimulatedStudy, bootstrap: Bootstrap) -> stats.SpokenAndWeighted:
    """Return spoken and weighted arousal compared."""
    spoken, weighted = (answers(study, "arousal", column) for column in ("value", "expected"))
    columns = spoken.to_numpy(), weighted.to_numpy(), means(study, "arousal").to_numpy()
    (told,) = stats.spoken_and_weighted(*columns, clusters=identity(study), bootstrap=bootstrap)
    return told


def probabilities(study: SimulatedStudy) -> Any:
    """Return label probabilities whose largest is the answer's, and rises with the image's true valence."""
    truth = study.truth["truth_valence"]
    centred = truth - truth.groupby(study.factor("emotion")).transform("mean")
    sure = 0.4 + 0.55 * ndtr(centred.to_numpy() / 0.8)
    given = pd.get_dummies(pd.Categorical(answered(study)[1], categories=LABELS)).to_numpy(dtype=float)
    p = given * sure[:, None] + (1 - given) * ((1 - sure) / (len(LABELS) - 1))[:, None]
    p[given.sum(axis=1) == 0] = np.nan
    return p
