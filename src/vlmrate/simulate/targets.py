"""Every statistic whose interval is examined, with its truth where the parameters of the study say it."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import numpy as np
import pandas as pd
from scipy.special import ndtr

from vlmrate import stats
from vlmrate.simulate.coverage import Statistic, Target
from vlmrate.simulate.planted import ANSWERS_A, ANSWERS_B, LABELS, MODEL, PEOPLE_B, PlantedBias, PlantedLabels

if TYPE_CHECKING:
    from collections.abc import Callable

    from vlmrate.simulate.studies import SimulatedStudy
    from vlmrate.stats import Bootstrap, Outcome

Told = TypeVar("Told")
Computed: TypeAlias = "Callable[[SimulatedStudy, Bootstrap], Told | stats.Skipped]"


def targets() -> tuple[Target, ...]:
    """Return every statistic examined, group after group."""
    return (
        *_labels(),
        *_dimensions(),
        *_reliability(),
        *_biases(),
        *_between_groups(),
        *_distributions(),
        *_calibrations(),
    )


def _parts(compute: Computed[Told]) -> Callable[[Callable[[Told], Outcome]], Statistic]:
    """Let several targets read one computation, which is made once a study."""
    computed = lru_cache(maxsize=1)(compute)

    def part(pick: Callable[[Told], Outcome]) -> Statistic:
        def statistic(study: SimulatedStudy, bootstrap: Bootstrap) -> Outcome:
            told = computed(study, bootstrap)
            return told if isinstance(told, stats.Skipped) else pick(told)

        return statistic

    return part


def _labels() -> list[Target]:
    planted = PlantedLabels.of(ANSWERS_A, ANSWERS_B)
    a, b = PlantedLabels.of(ANSWERS_A), PlantedLabels.of(ANSWERS_B)
    scored = _parts(
        lambda study, bootstrap: stats.classification(
            *_answered(study), LABELS, clusters=_identity(study), bootstrap=bootstrap
        )
    )
    detected = _parts(
        lambda study, bootstrap: stats.detection(
            *_answered(study), LABELS, clusters=_identity(study), bootstrap=bootstrap
        )
    )
    name = "labels"
    return [
        Target("accuracy", name, scored(lambda told: told.accuracy), planted.accuracy),
        Target(
            "accuracy, valid answers", name, scored(lambda told: told.accuracy_valid),
            planted.accuracy / planted.answers.sum(),
        ),
        Target("balanced accuracy", name, scored(lambda told: told.balanced_accuracy), planted.accuracy),
        Target("macro-F1", name, scored(lambda told: told.macro_f1), float(planted.f1.mean())),
        Target("Cohen's kappa", name, scored(lambda told: told.kappa), planted.kappa),
        Target("Cohen's kappa, asymptotic", name, _independent_kappa, planted.kappa),
        Target("recall of sad", name, scored(lambda told: told.labels[1].recall), planted.recall("sad")),
        Target("precision of sad", name, scored(lambda told: told.labels[1].precision), planted.precision("sad")),
        Target("F1 of sad", name, scored(lambda told: told.labels[1].f1), float(planted.f1[1])),
        Target("d' of angry", name, detected(lambda told: told[2].d_prime), planted.d_prime("angry")),
        Target("criterion of angry", name, detected(lambda told: told[2].criterion), planted.criterion("angry")),
        Target("accuracy ratio, angry, B over A, Katz", name, _katz, b.recall("angry") / a.recall("angry")),
        Target("accuracy ratio, B over A, bootstrap", name, _ratio, b.accuracy / a.accuracy),
        Target("entropy of answers", name, _entropy_of_answers, planted.entropy),
    ]  # fmt: skip


def _dimensions() -> list[Target]:
    name = "agreement with people"
    return [
        Target("Pearson r, sad, Fisher", name, _of_sad(stats.pearson)),
        Target("Pearson r, bootstrap", name, _clustered(stats.pearson_bootstrap)),
        Target("Spearman rho, sad, Bonett-Wright", name, _of_sad(stats.spearman)),
        Target("Spearman rho, bootstrap", name, _clustered(stats.spearman_bootstrap)),
        Target("r within emotions, bootstrap", name, _grouped(stats.pearson_within_bootstrap)),
        Target("r between emotions", name, _grouped(stats.pearson_between)),
        Target("MAE", name, _clustered(stats.mae)),
        Target("RMSE", name, _clustered(stats.rmse)),
        Target("share of variance between emotions", name, _share_between),
    ]


def _reliability() -> list[Target]:
    return [Target("Krippendorff's alpha, ordinal", "reliability", _alpha)]


def _biases() -> list[Target]:
    name, planted = "bias", PlantedBias.of_study()
    wrong = 1 - PlantedLabels.of(ANSWERS_A, ANSWERS_B).recall("sad")
    split = _parts(_split_of_sad)
    return [
        Target("mean difference, sad, t", name, _of_sad(stats.mean_difference), planted.sad),
        Target("mean difference, bootstrap", name, _clustered(stats.mean_difference_bootstrap), planted.overall),
        Target("rank-biserial", name, _clustered(stats.rank_biserial)),
        Target("Cohen's d_z", name, _clustered(stats.d_z)),
        Target("bias under the right label, sad", name, split(lambda told: told.right), planted.sad_right),
        Target("bias under a wrong label, sad", name, split(lambda told: told.wrong), planted.sad_wrong),
        Target(
            "part under the right label, sad", name, split(lambda told: told.from_right),
            planted.sad_right * (1 - wrong),
        ),
        Target("part from wrong labels, sad", name, split(lambda told: told.from_wrong), planted.sad_wrong * wrong),
        Target(
            "bias moved by wrong labels, sad", name, split(lambda told: told.moved), planted.sad - planted.sad_right
        ),
    ]  # fmt: skip


def _between_groups() -> list[Target]:
    name, bias = "groups", PlantedBias.of_study().between_groups
    gap = _parts(
        lambda study, bootstrap: stats.group_gap(
            *_valence(study), _factor(study, "race"), "B", "A", clusters=_identity(study), bootstrap=bootstrap
        )
    )
    a, b = (PlantedLabels.of(answers).d_prime("angry") for answers in (ANSWERS_A, ANSWERS_B))
    return [
        Target("difference-in-differences", name, gap(lambda told: told.bias), bias),
        Target("model's group effect", name, gap(lambda told: told.model_effect), bias + PEOPLE_B),
        Target("people's group effect", name, gap(lambda told: told.people_effect), PEOPLE_B),
        Target("intersection against the rest", name, _intersection, bias * 2 / 3),
        Target("interaction of two factors", name, _interaction, 0.0),
        Target("d' of angry, B minus A", name, _seen_in_groups, b - a),
    ]


def _distributions() -> list[Target]:
    name = "distributions"
    apart = _parts(
        lambda study, bootstrap: stats.answer_distances(
            *_arousal(study), range(1, 10), clusters=study.factor("identity"), bootstrap=bootstrap, draws=1
        )[0]
    )
    ratio = _parts(
        lambda study, bootstrap: stats.sd_ratios(
            *_arousal(study), clusters=study.factor("identity"), bootstrap=bootstrap, draws=1
        )
    )
    decoded = _parts(_decoded)
    return [
        Target("Jensen-Shannon distance", name, apart(lambda told: told.jensen_shannon)),
        Target("Jensen-Shannon divergence", name, apart(lambda told: told.divergence)),
        Target("earth mover's distance", name, apart(lambda told: told.earth_mover)),
        Target("entropy of ratings", name, apart(lambda told: told.entropy_model)),
        Target("SD of ratings", name, decoded(lambda told: told.sd_spoken)),
        Target("SD ratio to single ratings", name, ratio(lambda told: told.single_ratings)),
        Target("SD ratio to image means", name, ratio(lambda told: told.image_means)),
        Target("SD weighted over spoken", name, decoded(lambda told: told.sd_ratio)),
        Target("r gained by weighting", name, decoded(lambda told: told.r_gain)),
    ]


def _calibrations() -> list[Target]:
    name = "calibration"
    calibrated = _parts(
        lambda study, bootstrap: stats.calibrate(
            *_valence(study),
            groups=_factor(study, "emotion"),
            clusters=_identity(study),
            seed=bootstrap.seed,
            bootstrap=bootstrap,
        )
    )
    sure = _parts(
        lambda study, bootstrap: stats.confidence_calibration(
            _probabilities(study), _factor(study, "emotion"), LABELS, clusters=_identity(study), bootstrap=bootstrap
        )
    )
    return [
        Target("MAE on held-out images", name, calibrated(lambda told: told.after.mae), of_this_size=True),
        Target("MAE gained by calibration", name, calibrated(lambda told: told.mae_change), of_this_size=True),
        Target("r on held-out images", name, calibrated(lambda told: told.after.r), of_this_size=True),
        Target("expected calibration error", name, sure(lambda told: told.ece)),
        Target("overconfidence", name, sure(lambda told: told.overconfidence)),
        Target("Brier score", name, sure(lambda told: told.brier)),
    ]


def _factor(study: SimulatedStudy, name: str) -> Any:
    return study.factor(name).to_numpy()


def _identity(study: SimulatedStudy) -> Any:
    return _factor(study, "identity")


def _answered(study: SimulatedStudy) -> tuple[Any, Any]:
    return _factor(study, "emotion"), study.answers(MODEL, "emotion").to_numpy()


def _valence(study: SimulatedStudy) -> tuple[Any, Any]:
    return study.answers(MODEL, "valence").to_numpy(dtype=float), study.means("valence").to_numpy()


def _arousal(study: SimulatedStudy) -> tuple[Any, Any]:
    return study.answers(MODEL, "arousal"), study.people.set_index("image_id")["arousal"]


def _clustered(statistic: Callable[..., Outcome]) -> Statistic:
    return lambda study, bootstrap: statistic(*_valence(study), clusters=_identity(study), bootstrap=bootstrap)


def _grouped(statistic: Callable[..., Outcome]) -> Statistic:
    return lambda study, bootstrap: statistic(
        *_valence(study), _factor(study, "emotion"), clusters=_identity(study), bootstrap=bootstrap
    )


def _of_sad(statistic: Callable[..., Outcome]) -> Statistic:
    """Apply a statistic that takes images for independent to the sad ones: one an identity."""

    def over(study: SimulatedStudy, bootstrap: Bootstrap) -> Outcome:
        model, human = _valence(study)
        sad = _factor(study, "emotion") == "sad"
        return statistic(model[sad], human[sad], level=bootstrap.level)

    return over


def _independent_kappa(study: SimulatedStudy, bootstrap: Bootstrap) -> Outcome:
    """Return the asymptotic kappa over one image an identity, its emotion in turn."""
    truth, answers = _answered(study)
    place = np.arange(len(truth))
    one = place // len(LABELS) % len(LABELS) == place % len(LABELS)
    return stats.cohen_kappa_asymptotic(truth[one], answers[one], LABELS, level=bootstrap.level)


def _katz(study: SimulatedStudy, bootstrap: Bootstrap) -> Outcome:
    truth, answers = _answered(study)
    angry = truth == "angry"
    race = _factor(study, "race")[angry]
    return stats.accuracy_ratio(answers[angry] == "angry", race, "B", "A", level=bootstrap.level)


def _ratio(study: SimulatedStudy, bootstrap: Bootstrap) -> Outcome:
    truth, answers = _answered(study)
    return stats.accuracy_ratio_bootstrap(
        truth == answers, _factor(study, "race"), "B", "A", clusters=_identity(study), bootstrap=bootstrap
    )


def _entropy_of_answers(study: SimulatedStudy, bootstrap: Bootstrap) -> Outcome:
    _, answers = _answered(study)
    return stats.entropy(answers, LABELS, clusters=_identity(study), bootstrap=bootstrap)


def _share_between(study: SimulatedStudy, bootstrap: Bootstrap) -> Outcome:
    _, human = _valence(study)
    return stats.share_between(human, _factor(study, "emotion"), clusters=_identity(study), bootstrap=bootstrap)


def _alpha(study: SimulatedStudy, bootstrap: Bootstrap) -> Outcome:
    people = study.people
    identity = people["image_id"].map(study.factor("identity")).to_numpy()
    images, raters, values = (people[name].to_numpy() for name in ("image_id", "rater_id", "arousal"))
    return stats.krippendorff_alpha(images, raters, values, "ordinal", clusters=identity, bootstrap=bootstrap)


def _split_of_sad(study: SimulatedStudy, bootstrap: Bootstrap) -> stats.BiasSplit:
    sad = _factor(study, "emotion") == "sad"
    columns = [column[sad] for column in (*_valence(study), *_answered(study))]
    (told,) = stats.bias_split(*columns, clusters=_identity(study)[sad], bootstrap=bootstrap)
    return told


def _intersection(study: SimulatedStudy, bootstrap: Bootstrap) -> Outcome:
    cells = stats.intersect(_factor(study, "race"), _factor(study, "gender"))
    return stats.group_gap(*_valence(study), cells, "B x woman", clusters=_identity(study), bootstrap=bootstrap).bias


def _interaction(study: SimulatedStudy, bootstrap: Bootstrap) -> Outcome:
    factors = _factor(study, "race"), _factor(study, "gender")
    (gap,) = stats.interaction_gaps(*_valence(study), *factors, clusters=_identity(study), bootstrap=bootstrap)
    return gap.bias


def _seen_in_groups(study: SimulatedStudy, bootstrap: Bootstrap) -> Outcome:
    race = _factor(study, "race")
    gaps = stats.detection_gaps(
        *_answered(study), LABELS, race, "B", "A", clusters=_identity(study), bootstrap=bootstrap
    )
    return gaps[2].d_prime


def _decoded(study: SimulatedStudy, bootstrap: Bootstrap) -> stats.SpokenAndWeighted:
    spoken, weighted = (study.answers(MODEL, "arousal", column=column) for column in ("value", "expected"))
    columns = spoken.to_numpy(), weighted.to_numpy(), study.means("arousal").to_numpy()
    (told,) = stats.spoken_and_weighted(*columns, clusters=_identity(study), bootstrap=bootstrap)
    return told


def _probabilities(study: SimulatedStudy) -> Any:
    """Return label probabilities whose largest is the answer's, and rises with the image's true valence."""
    truth = study.truth["truth_valence"]
    centred = truth - truth.groupby(study.factor("emotion")).transform("mean")
    sure = 0.4 + 0.55 * ndtr(centred.to_numpy() / 0.8)
    given = pd.get_dummies(pd.Categorical(_answered(study)[1], categories=LABELS)).to_numpy(dtype=float)
    p = given * sure[:, None] + (1 - given) * ((1 - sure) / (len(LABELS) - 1))[:, None]
    p[given.sum(axis=1) == 0] = np.nan
    return p
