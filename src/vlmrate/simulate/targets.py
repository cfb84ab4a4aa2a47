"""Every statistic whose interval is examined, with its truth where the parameters of the study say it."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from vlmrate import stats
from vlmrate.simulate import readings as read
from vlmrate.simulate.coverage import Statistic, Target
from vlmrate.simulate.planted import ANSWERS_A, ANSWERS_B, LABELS, PEOPLE_B, PlantedBias, PlantedLabels

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
            *read.answered(study), LABELS, clusters=read.identity(study), bootstrap=bootstrap
        )
    )
    detected = _parts(
        lambda study, bootstrap: stats.detection(
            *read.answered(study), LABELS, clusters=read.identity(study), bootstrap=bootstrap
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
        Target("Cohen's kappa, asymptotic", name, read.independent_kappa, planted.kappa),
        Target("weighted kappa, quadratic", name, read.weighted_kappa),
        Target("Gwet's AC1", name, read.gwet),
        Target("recall of sad", name, scored(lambda told: told.labels[1].recall), planted.recall("sad")),
        Target("precision of sad", name, scored(lambda told: told.labels[1].precision), planted.precision("sad")),
        Target("F1 of sad", name, scored(lambda told: told.labels[1].f1), float(planted.f1[1])),
        Target("d' of angry", name, detected(lambda told: told[2].d_prime), planted.d_prime("angry")),
        Target("criterion of angry", name, detected(lambda told: told[2].criterion), planted.criterion("angry")),
        Target("accuracy ratio, angry, B over A, Katz", name, read.katz, b.recall("angry") / a.recall("angry")),
        Target("accuracy ratio, B over A, bootstrap", name, read.ratio, b.accuracy / a.accuracy),
        Target("entropy of answers", name, read.entropy_of_answers, planted.entropy),
    ]  # fmt: skip


def _dimensions() -> list[Target]:
    name = "agreement with people"
    limits = _parts(read.limits_of_sad)
    compared = _parts(read.spoken_against_weighted)
    return [
        Target("Pearson r, sad, Fisher", name, read.of_sad(stats.pearson)),
        Target("Pearson r, bootstrap", name, read.clustered(stats.pearson_bootstrap)),
        Target("Spearman rho, sad, Bonett-Wright", name, read.of_sad(stats.spearman)),
        Target("Spearman rho, bootstrap", name, read.clustered(stats.spearman_bootstrap)),
        Target("r within emotions, bootstrap", name, read.grouped(stats.pearson_within_bootstrap)),
        Target("r within emotions, BCa", name, read.corrected(read.grouped(stats.pearson_within_bootstrap))),
        Target("r between emotions", name, read.grouped(stats.pearson_between)),
        Target("Lin's CCC, sad", name, read.of_sad(stats.ccc)),
        Target("Lin's CCC, bootstrap", name, read.clustered(stats.ccc_bootstrap)),
        Target("lower limit of agreement, sad", name, limits(lambda told: told.lower)),
        Target("upper limit of agreement, sad", name, limits(lambda told: told.upper)),
        Target("proportional bias, sad", name, limits(lambda told: told.slope)),
        Target("MAE of spoken minus weighted ratings", name, compared(lambda told: told.mae)),
        Target("MAE", name, read.clustered(stats.mae)),
        Target("RMSE", name, read.clustered(stats.rmse)),
        Target("share of variance between emotions, BCa", name, read.corrected(read.share_between)),
    ]


def _reliability() -> list[Target]:
    name, icc = "reliability", _parts(read.icc)
    return [
        Target("Krippendorff's alpha, ordinal", name, read.alpha),
        Target("ICC(A,1) from components", name, icc(lambda told: told.agreement)),
        Target("ICC(C,1) from components", name, icc(lambda told: told.consistency)),
        Target("ICC(C,k) from components", name, icc(lambda told: told.consistency_k)),
    ]


def _biases() -> list[Target]:
    name, planted = "bias", PlantedBias.of_study()
    wrong = 1 - PlantedLabels.of(ANSWERS_A, ANSWERS_B).recall("sad")
    split = _parts(read.split_of_sad)
    return [
        Target("mean difference, sad, t", name, read.of_sad(stats.mean_difference), planted.sad),
        Target("mean difference, bootstrap", name, read.clustered(stats.mean_difference_bootstrap), planted.overall),
        Target("rank-biserial", name, read.clustered(stats.rank_biserial)),
        Target("Cohen's d_z", name, read.clustered(stats.d_z)),
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
            *read.valence(study),
            read.factor(study, "race"),
            "B",
            "A",
            clusters=read.identity(study),
            level=bootstrap.level,
        )
    )
    a, b = (PlantedLabels.of(answers).d_prime("angry") for answers in (ANSWERS_A, ANSWERS_B))
    return [
        Target("difference-in-differences", name, gap(lambda told: told.bias), bias),
        Target("model's group effect", name, gap(lambda told: told.model_effect), bias + PEOPLE_B),
        Target("people's group effect", name, gap(lambda told: told.people_effect), PEOPLE_B),
        Target("intersection against the rest", name, read.intersection, bias * 2 / 3),
        Target("interaction of two factors", name, read.interaction, 0.0),
        Target("d' of angry, B minus A", name, read.seen_in_groups, b - a),
    ]


def _distributions() -> list[Target]:
    name = "distributions"
    apart = _parts(
        lambda study, bootstrap: stats.answer_distances(
            *read.arousal(study), range(1, 10), clusters=study.factor("identity"), bootstrap=bootstrap, draws=1
        )[0]
    )
    ratio = _parts(
        lambda study, bootstrap: stats.sd_ratios(
            *read.arousal(study), clusters=study.factor("identity"), bootstrap=bootstrap, draws=1
        )
    )
    decoded = _parts(read.decoded)
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
            *read.valence(study),
            groups=read.factor(study, "emotion"),
            clusters=read.identity(study),
            seed=bootstrap.seed,
            bootstrap=bootstrap,
        )
    )
    sure = _parts(
        lambda study, bootstrap: stats.confidence_calibration(
            read.probabilities(study),
            read.factor(study, "emotion"),
            LABELS,
            clusters=read.identity(study),
            bootstrap=bootstrap,
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
