"""Ablations find what was planted: labels that carry numbers along, false labels that are believed, anchors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from conftest import EMOTIONS, ITEMS, VALENCE
from vlmrate.analysis import AnalysisOptions, analyze
from vlmrate.analysis.ablations import ablations
from vlmrate.analysis.data import gather
from vlmrate.analysis.protocols import protocols
from vlmrate.errors import AnalysisError
from vlmrate.protocol.forced import wrong_label
from vlmrate.report.document import document
from vlmrate.report.left_out import left_out
from vlmrate.report.outline import outline
from vlmrate.report.table import Part
from vlmrate.stats import Bootstrap, Estimate, Skipped
from vlmrate.study.records import Item, Labels

OPTIONS = AnalysisOptions(bootstrap=Bootstrap(resamples=300))
FORCES = {"false-label": {"emotion": "wrong"}, "anchor": {"valence": "each"}}
IDENTITIES = 40
ACCEPTS, BELIEVES, ANCHORS, MISTAKEN = 0.3, 0.6, 0.4, 0.25


class Scripted:
    """A rater that mistakes a share of images for neutral and rates `believes` of the way to the label it carries."""

    def __init__(self, small, study, *, believes, accepts, anchors, mistaken=MISTAKEN, noise=0.3, seed=11) -> None:
        self.small, self.study = small, study
        self.believes, self.accepts, self.anchors = believes, accepts, anchors
        self.rng = np.random.default_rng(seed)
        self.noise = noise
        self.own = {
            s.image_id: "neutral" if self.rng.random() < mistaken else s.factors["emotion"] for s in study.stimuli
        }

    def rating(self, stimulus, carried):
        """What it rates with this label carried."""
        face, word = VALENCE[stimulus.factors["emotion"]], VALENCE[carried]
        return face + self.believes * (word - face) + self.rng.normal(0, self.noise)

    def rows(self, protocol, carried, **more):
        """All three items of every image; `carried` is the label of an image."""
        made = []
        for stimulus in self.study.stimuli:
            label = carried(stimulus)
            told = {"protocol": protocol, **{k: v(stimulus) for k, v in more.items()}}
            made.append(self.small.row(stimulus.image_id, "emotion", self.says(stimulus, protocol, label), **told))
            for item in ("valence", "arousal"):
                made.append(self.small.row(stimulus.image_id, item, self.rating(stimulus, label), **told))
        return made

    def says(self, stimulus, protocol, label):
        """Its label: its own, or under a false one sometimes that."""
        accepted = protocol == "false-label" and self.rng.random() < self.accepts
        return label if accepted else self.own[stimulus.image_id]

    def usual(self):
        return self.rows("context-carry", lambda s: self.own[s.image_id])

    def oracle(self):
        return self.rows("oracle-carry", lambda s: s.factors["emotion"])

    def false(self):
        return self.rows("false-label", self.told, forced=lambda s: f"emotion={self.told(s)}")

    def told(self, stimulus):
        return wrong_label(self.study.item("emotion"), stimulus)

    def anchored(self):
        """Arousal under every valence, emotion beside it."""
        made = []
        for stimulus in self.study.stimuli:
            for digit in range(1, 10):
                told = {"protocol": "anchor", "repeat": digit, "forced": f"valence={digit}"}
                arousal = 4 + self.anchors * (digit - 5) + self.rng.normal(0, self.noise)
                made.append(self.small.row(stimulus.image_id, "emotion", self.own[stimulus.image_id], **told))
                made.append(self.small.row(stimulus.image_id, "arousal", arousal, **told))
        return made

    def runs(self):
        return self.usual(), self.oracle(), self.false(), self.anchored()


def found(small, study, *runs, options=OPTIONS, forces=FORCES):
    """The ablations of these runs."""
    material = gather(study, small.results(*runs, forces=forces), options)
    return ablations(material, protocols(material))


def holds(outcome, truth):
    """Whether an interval holds the truth."""
    return isinstance(outcome, Estimate) and outcome.ci_low <= truth <= outcome.ci_high


@pytest.fixture
def study(small):
    """Forty identities with people."""
    made = small.study(IDENTITIES)
    return replace(made, ratings=small.people(made))


@pytest.fixture
def gullible(small, study):
    """The ablations of a rater that follows the word, accepts it at times, and anchors."""
    rater = Scripted(small, study, believes=BELIEVES, accepts=ACCEPTS, anchors=ANCHORS)
    return found(small, study, *rater.runs())


@pytest.fixture
def steady(small, study):
    """Those of a rater that looks at the face alone."""
    rater = Scripted(small, study, believes=0.0, accepts=0.0, anchors=0.0)
    return found(small, study, *rater.runs())


def parts(told, item="valence"):
    """The rows on error propagation of the one rater."""
    (rater,) = next(one for one in told.propagation if one.item == item).raters
    return {part.name: part for part in rater.parts}


def test_wrong_labels_carry_their_numbers_along(gullible, study):
    """Mistaken images move by what was planted, right ones do not; the contrast is the difference; MAE falls."""
    rows = parts(gullible)
    wrong, right = rows["wrong label"], rows["right label"]
    assert wrong.n + right.n == rows["all images"].n == len(study.stimuli)
    planted = BELIEVES * (np.mean([VALENCE[e] for e in EMOTIONS if e != "neutral"]) - VALENCE["neutral"])
    assert wrong.shift.value == pytest.approx(planted, abs=0.35)
    assert wrong.shift.ci_high < 0
    assert holds(right.shift, 0.0)
    contrast = rows["wrong − right"].shift
    assert contrast.value == pytest.approx(wrong.shift.value - right.shift.value, abs=1e-12)
    assert wrong.mae.ci_high < 0
    assert wrong.r.ci_low > 0
    assert holds(right.mae, 0.0)


def test_parts_add_up_to_the_comparison_of_the_two_protocols(gullible, small, study):
    """Over all images, shift, MAE and r are those that the comparison of protocols computes by other means."""
    rater = Scripted(small, study, believes=BELIEVES, accepts=ACCEPTS, anchors=ANCHORS)
    usual, oracle = rater.usual(), rater.oracle()
    whole = parts(found(small, study, usual, oracle))["all images"]
    (pair,) = next(
        item.pairs for item in protocols(gather(study, small.results(usual, oracle), OPTIONS)) if item.item == "valence"
    )
    # The pair is context-carry minus oracle-carry.
    for ours, theirs in (
        (whole.shift, pair.numbers.shift), (whole.mae, pair.numbers.mae), (whole.r, pair.numbers.r_with_people)
    ):  # fmt: skip
        assert ours.value == pytest.approx(-theirs.value, abs=1e-9)
        assert (ours.ci_low, ours.ci_high) == pytest.approx((-theirs.ci_high, -theirs.ci_low), abs=1e-9)


def test_each_repeat_is_right_or_wrong_by_its_own_label(small):
    """Labels wrong in the second of three repeats, in another one, or in none: wrong repeats move by 2, others by 0."""
    study = small.study(20)
    study = replace(study, ratings=small.people(study))
    usual, oracle = [], []
    for i, stimulus in enumerate(study.stimuli):
        intended, level = stimulus.factors["emotion"], 5.0 + 0.01 * (i % 7)
        for repeat in (1, 2, 3):
            wrong = repeat == (2, 1, None)[i % 3]
            label = wrong_label(study.item("emotion"), stimulus) if wrong else intended
            told = {"repeat": repeat, "protocol": "context-carry"}
            usual.append(small.row(stimulus.image_id, "emotion", label, **told))
            usual.append(small.row(stimulus.image_id, "valence", level - (2.0 if wrong else 0.0) + repeat, **told))
            told = {"repeat": repeat, "protocol": "oracle-carry"}
            oracle.append(small.row(stimulus.image_id, "emotion", intended, **told))
            oracle.append(small.row(stimulus.image_id, "valence", level + repeat, **told))
    rows = parts(found(small, study, usual, oracle))
    assert (rows["wrong label"].n, rows["right label"].n, rows["all images"].n) == (80, 120, 120)
    assert rows["wrong label"].shift.value == pytest.approx(2.0)
    assert rows["right label"].shift.value == pytest.approx(0.0)
    assert rows["wrong − right"].shift.value == pytest.approx(2.0)
    assert rows["right label"].mae.value == pytest.approx(0.0)
    assert rows["all images"].shift.value == pytest.approx(2.0 * 80 / 360)


def test_a_rater_that_looks_at_the_face_is_not_moved(steady):
    """Every interval on propagation and pull holds 0, and so does the slope of anchoring."""
    for item in ("valence", "arousal"):
        assert all(holds(part.shift, 0.0) for part in parts(steady, item).values())
    (label,) = steady.false_label
    assert all(holds(pull.slope, 0.0) for pull in label.pulls)
    assert label.acceptance.difference.value == pytest.approx(0.0)
    (anchoring,) = steady.anchoring
    assert all(holds(slope.slope, 0.0) for slope in anchoring.slopes[:1])


def test_false_labels_are_accepted_as_often_as_planted(gullible, study):
    """Of images that are told a wrong label the planted share says it, beside what is said untold, with the pairs'
    difference."""
    (label,) = gullible.false_label
    told = label.acceptance
    assert (label.rater, label.protocol, label.item, told.n) == ("model", "false-label", "emotion", len(study.stimuli))
    untold = np.mean([wrong_label(study.item("emotion"), s) == "neutral" for s in study.stimuli]) * MISTAKEN
    assert told.unprompted.value == pytest.approx(untold, abs=0.03)
    assert holds(told.accepted, ACCEPTS + (1 - ACCEPTS) * untold)
    assert told.difference.value == pytest.approx(told.accepted.value - told.unprompted.value)
    assert told.difference.ci_low > 0.15


def test_the_pull_of_a_false_label_is_the_planted_one(gullible):
    """Ratings go 60 % of the way from the face to the word, on both scales."""
    (label,) = gullible.false_label
    assert [pull.item for pull in label.pulls] == ["valence", "arousal"]
    for pull in label.pulls:
        assert pull.slope.value == pytest.approx(BELIEVES, abs=0.06)
        assert holds(pull.slope, BELIEVES)


def test_anchoring_is_the_planted_slope(gullible, study):
    """0.4 points of arousal a point of valence told, in every emotion; means rise by it; few images are unmoved."""
    (anchoring,) = gullible.anchoring
    assert (anchoring.told, anchoring.item, anchoring.slopes[0].n) == ("valence", "arousal", len(study.stimuli))
    assert [slope.name for slope in anchoring.slopes] == ["all images", *EMOTIONS]
    assert all(slope.slope.value == pytest.approx(ANCHORS, abs=0.03) for slope in anchoring.slopes)
    assert holds(anchoring.slopes[0].slope, ANCHORS)
    assert [mean.told for mean in anchoring.means] == list("123456789")
    assert anchoring.means[8].mean.value - anchoring.means[0].mean.value == pytest.approx(8 * ANCHORS, abs=0.1)
    assert anchoring.unmoved.value == 0.0
    assert anchoring.spread.value == pytest.approx(8 * ANCHORS, abs=0.4)


def test_an_image_that_never_moves_is_counted(small, study):
    """A rater that answers 5 whatever it is told: slope 0, all images unmoved, none ever falls."""
    rows = Scripted(small, study, believes=0, accepts=0, anchors=0).anchored()
    rows = [row | {"value": 5.0} if row["item"] == "arousal" else row for row in rows]
    usual = small.rater(study)
    (anchoring,) = found(small, study, usual, rows).anchoring
    assert (anchoring.unmoved.value, anchoring.never_falls.value, anchoring.slopes[0].slope.value) == (1.0, 1.0, 0.0)


def test_answers_that_hang_on_how_extreme_the_number_is_show_in_the_spread(small, study):
    """Arousal rises to both ends of valence: the slope is 0, the spread is not."""
    rows = Scripted(small, study, believes=0, accepts=0, anchors=0).anchored()
    rows = [row | {"value": 4.0 + abs(row["repeat"] - 5)} if row["item"] == "arousal" else row for row in rows]
    (anchoring,) = found(small, study, small.rater(study), rows).anchoring
    assert (anchoring.slopes[0].slope.value, anchoring.spread.value) == (pytest.approx(0.0), 4.0)


def test_a_rater_that_lacks_what_another_has_is_named(small, study):
    """Two raters, one of them told wrong labels: the other is named with the command; one asked once is not."""
    rater = Scripted(small, study, believes=BELIEVES, accepts=ACCEPTS, anchors=ANCHORS)
    usual, oracle, false, _ = rater.runs()
    others = [[row | {"rater": "other"} for row in rows] for rows in (usual, oracle)]
    single = [row | {"rater": "single"} for row in usual]
    told = found(small, study, usual, oracle, false, *others, single)
    assert [one.reason for one in told.missing] == [
        "other was not asked under false-label (`vlmrate infer --protocol false-label`)"
    ]


def test_repeats_are_averaged_before_they_are_compared(small, study):
    """Two repeats of every condition give the slope of their means, not of twice as many images."""
    rater = Scripted(small, study, believes=0, accepts=0, anchors=ANCHORS)
    once, more = rater.anchored(), [row | {"repeat": row["repeat"] + 9} for row in rater.anchored()]
    (anchoring,) = found(small, study, rater.usual(), once + more).anchoring
    assert anchoring.slopes[0].n == len(study.stimuli)
    assert anchoring.slopes[0].slope.value == pytest.approx(ANCHORS, abs=0.03)


def test_forced_ratings_stand_in_no_other_comparison(small):
    """With and without them everything but the ablations is the same: names, agreement, repeats, protocols, runs."""
    study = small.study(8)
    study = replace(study, ratings=small.people(study))
    rater = Scripted(small, study, believes=BELIEVES, accepts=ACCEPTS, anchors=ANCHORS)
    usual, *_, false, anchor = rater.runs()
    without = analyze(study, small.results(usual), OPTIONS)
    told = analyze(study, small.results(usual, false, anchor, forces=FORCES), OPTIONS)
    assert [run.name for run in told.runs] == ["model"]
    assert isinstance(without.ablations, Skipped)
    assert replace(told, ablations=without.ablations) == without
    assert [(run.protocol, run.forces, run.rated) for run in told.ablations.runs] == [
        ("anchor", "valence: each", 9 * len(study.stimuli)),
        ("false-label", "emotion: wrong", len(study.stimuli)),
    ]


def test_what_was_not_asked_is_said_with_the_command(small, study):
    """Each ablation that lacks a run names the protocol to ask; a rater asked in one way has none at all."""
    rater = Scripted(small, study, believes=BELIEVES, accepts=ACCEPTS, anchors=ANCHORS)
    usual, oracle, false, _ = rater.runs()
    alone = found(small, study, usual)
    assert "`vlmrate infer --protocol context-carry,oracle-carry,false-label,anchor" in alone.reason
    two = found(small, study, usual, oracle)
    assert "--protocol false-label`" in two.false_label.reason
    assert "--protocol anchor`" in two.anchoring.reason
    other = found(small, study, usual, false)
    assert "--protocol context-carry,oracle-carry`" in other.propagation.reason
    (label,) = other.false_label
    assert (
        "model was not asked under oracle-carry (`vlmrate infer --protocol oracle-carry`)"
        in label.pulls[0].slope.reason
    )
    (lonely,) = found(small, study, false, rater.anchored()).false_label
    assert "model was not asked under context-carry" in lonely.acceptance.unprompted.reason
    assert isinstance(lonely.acceptance.accepted, Estimate)


def test_forced_ratings_alone_are_no_study_to_compare(small):
    """Without people and without any other rating there is nothing to say, and the message says which kind is there."""
    study = small.study(6)
    rows = Scripted(small, study, believes=0, accepts=0, anchors=0).anchored()
    with pytest.raises(AnalysisError, match="only ratings with forced answers"):
        analyze(study, small.results(rows, forces=FORCES), OPTIONS)


def test_without_people_the_shift_is_told(small):
    """No MAE and no r then, but the shift and the pull need nobody."""
    study = small.study(12)
    rater = Scripted(small, study, believes=BELIEVES, accepts=ACCEPTS, anchors=ANCHORS)
    told = found(small, study, *rater.runs())
    whole = parts(told)["all images"]
    assert isinstance(whole.shift, Estimate)
    assert isinstance(whole.mae, Skipped)
    assert isinstance(whole.r, Skipped)
    assert isinstance(told.false_label[0].pulls[0].slope, Estimate)


def test_a_rater_that_is_never_wrong_has_no_contrast(small, study):
    """All labels right: the rows on wrong labels say that there are none."""
    rater = Scripted(small, study, believes=BELIEVES, accepts=0, anchors=0, mistaken=0.0)
    rows = parts(found(small, study, rater.usual(), rater.oracle()))
    assert rows["wrong label"].n == 0
    assert isinstance(rows["wrong label"].shift, Skipped)
    assert isinstance(rows["wrong − right"].shift, Skipped)
    assert isinstance(rows["right label"].shift, Estimate)


def test_an_unreadable_answer_accepts_nothing_and_counts(small, study):
    """Invalid labels are neither the told nor the right one; the image stays in the share."""
    rater = Scripted(small, study, believes=0, accepts=1.0, anchors=0)
    rows = [row | {"value": None} if row["item"] == "emotion" else row for row in rater.false()]
    (label,) = found(small, study, rater.usual(), rows).false_label
    assert (label.acceptance.accepted.value, label.acceptance.right.value) == (0.0, 0.0)
    assert label.acceptance.n == len(study.stimuli)


def test_changes_are_other_minus_usual_whichever_name_comes_first(small, study):
    """A protocol whose name sorts before context-carry and one after: both one point higher than usual."""
    usual = small.rater(study)
    higher = [row | {"value": row["value"] + 1} if row["item"] == "valence" else row for row in usual]
    runs = [[row | {"protocol": name} for row in higher] for name in ("a-way", "single-shot")]
    told = found(small, study, usual, *runs).changes
    assert [change.protocol for change in told] == ["a-way", "single-shot"]
    for change in told:
        items = {item.item: item for item in change.items}
        assert items["valence"].shift.value == pytest.approx(1.0)
        assert items["emotion"].same.value == 1.0
        assert items["arousal"].mae.value == pytest.approx(0.0)


def test_the_report_tells_all_of_it(small):
    """Every ablation has its table, and the run's counts stand among the runs."""
    study = small.study(8)
    rater = Scripted(small, study, believes=BELIEVES, accepts=ACCEPTS, anchors=ANCHORS)
    analysis = analyze(study, small.results(*rater.runs(), forces=FORCES), OPTIONS)
    ids = {entry.table.id for part in outline(analysis) for entry in part.tables}
    assert {
        *("ablations", "propagation-valence", "propagation-arousal", "false-labels", "false-label-pull"),
        *("anchoring", "anchored-valence-arousal", "forced-runs"),
    } <= ids
    told = document(analysis, outline(analysis))
    assert "| model | anchor | valence: each |" in told


def test_the_report_says_what_is_missing(small):
    """A reader of a study without ablations learns how to run them."""
    study = small.study(6)
    analysis = analyze(study, small.results(small.rater(study)), OPTIONS)
    (left,) = [line for line in left_out(analysis, Part.COMPARISON, ()) if line.startswith("Ablations")]
    assert "no rater was asked in two ways (`vlmrate infer --protocol context-carry," in left


def test_no_image_in_common_is_said(small, study):
    """oracle-carry on some images and false labels on others: no pull, and the reason."""
    rater = Scripted(small, study, believes=0, accepts=0, anchors=0)
    half = {stimulus.image_id for stimulus in study.stimuli[:120]}
    oracle = [row for row in rater.oracle() if row["image_id"] in half]
    false = [row for row in rater.false() if row["image_id"] not in half]
    (label,) = found(small, study, rater.usual(), oracle, false).false_label
    assert label.pulls[0].slope.reason == "no image was rated under both false-label and oracle-carry"


def test_a_label_that_is_not_asked_again_is_no_acceptance(small, study):
    """A protocol that forces a wrong label and asks valence alone: the pull is told, acceptance has its reason."""
    rater = Scripted(small, study, believes=BELIEVES, accepts=0, anchors=0)
    rows = [row for row in rater.false() if row["item"] == "valence"]
    (label,) = found(small, study, rater.usual(), rater.oracle(), rows).false_label
    assert label.acceptance.reason == "false-label does not ask emotion again"
    (pull,) = label.pulls
    assert pull.item == "valence"
    assert holds(pull.slope, BELIEVES)


def test_a_wrong_label_that_oracle_carry_does_not_carry_has_no_pull(small):
    """Wrong sexes told where oracle-carry carries emotions: acceptance is told, the pull has no run to start from."""
    study = small.study(8, items=(*ITEMS, Item("sex", Labels(("f", "m")), intended="gender")))
    rater = Scripted(small, study, believes=BELIEVES, accepts=0, anchors=0)
    rows = []
    for stimulus in study.stimuli:
        wrong = wrong_label(study.item("sex"), stimulus)
        told = {"protocol": "false-sex", "forced": f"sex={wrong}"}
        rows.append(small.row(stimulus.image_id, "sex", wrong, **told))
        rows.append(small.row(stimulus.image_id, "valence", 5.0, **told))
    (label,) = found(
        small, study, rater.usual(), rater.oracle(), rows, forces={"false-sex": {"sex": "wrong"}}
    ).false_label
    assert (label.item, label.acceptance.accepted.value, label.acceptance.right.value) == ("sex", 1.0, 0.0)
    assert isinstance(label.acceptance.unprompted, Skipped)
    assert isinstance(label.acceptance.difference, Skipped)
    (pull,) = label.pulls
    assert (pull.item, pull.n, pull.slope.reason) == ("valence", 0, "oracle-carry carries emotion, not sex")
