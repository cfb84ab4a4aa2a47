"""Plain sentences with their evidence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vlmrate.analysis import AnalysisOptions, analyze
from vlmrate.analysis.findings import findings
from vlmrate.analysis.summary import NO_RATINGS
from vlmrate.stats import Adjusted, Bootstrap, Estimate, Skipped
from vlmrate.study.records import Factors, Item, Likert

QUICK = AnalysisOptions(bootstrap=Bootstrap(resamples=300))


@pytest.fixture(scope="module")
def study(lasting):
    """Twenty identities with people."""
    made = lasting.study(20)
    return replace(made, ratings=lasting.people(made))


@pytest.fixture(scope="module")
def analysis(lasting, study):
    """A rater 2 points low in fear, women's valence 1.2 points high, sad called neutral, arousal always 5, one slip."""
    rng = np.random.default_rng(8)
    rows = lasting.rater(study, "gemma3", bias={"fear": -2.0}, noise=0.4)
    for row in rows:
        woman = int(row["image_id"][1:4]) % 2 == 0
        if row["value"] == "sad":
            row["value"] = "neutral"
        elif row["item"] == "arousal":
            row["value"] = 5.0
        elif row["item"] == "valence" and woman:
            row["value"] = float(min(9, row["value"] + 1 + (rng.random() < 0.2)))
    slip = next(row for row in rows if row["item"] == "emotion" and row["value"] == "happy")
    slip.update(value=None, route="invalid")
    return analyze(study, lasting.results(rows), QUICK)


def told(analysis, about: str, item: str) -> list[str]:
    """The sentences of one kind."""
    return [finding.sentence for finding in analysis.findings if (finding.about, finding.item) == (about, item)]


def test_a_planted_bias_is_told_in_scale_points(analysis):
    """Fear is rated lower than people do, with the interval, the test and its correction."""
    (finding,) = (f for f in analysis.findings if f.about == "bias" and "fear" in f.sentence and f.item == "valence")
    assert finding.sentence.startswith("gemma3 rates the valence of fear ")
    assert " points lower than people (95 % CI −" in finding.sentence
    assert finding.severity == "large"
    assert finding.evidence.ci_high < 0
    assert isinstance(finding.adjusted, Adjusted)
    assert finding.test.p_value <= finding.adjusted.p_adjusted <= 0.05
    assert finding.rests_on == "bias"


def test_a_planted_group_bias_names_both_groups(analysis):
    """Women are rated higher than men, beyond what people do."""
    (sentence,) = told(analysis, "groups", "valence")
    assert sentence.startswith("Compared with people, gemma3 rates the valence of ")
    assert " of f " in sentence
    assert "than that of m (" in sentence


def test_the_dominant_error_is_told_with_its_counts(analysis):
    """Every sad face was called neutral: 20 of 20, a large finding."""
    sentences = told(analysis, "label", "emotion")
    assert any(s.startswith("gemma3 answers neutral to 100.0 % of the sad images (20 of 20;") for s in sentences)


def test_one_number_for_all_is_told_as_such(analysis):
    """An arousal of 5 for every image varies less than people's means in every emotion."""
    stretched, sentence = sorted(told(analysis, "spread", "arousal"), reverse=True)
    assert stretched.startswith("gemma3 spreads arousal over all images 0.00 times as widely as people's means do")
    assert sentence.startswith("In 6 of 6 emotions gemma3's arousal varies less than even people's means do")
    assert "the same number for all 20 images" in sentence


def test_what_went_wrong_in_the_run_is_told(analysis):
    """One of 120 labels could not be read."""
    (sentence,) = told(analysis, "run", "emotion")
    assert sentence.startswith("gemma3 gave no readable answer on emotion in 1 of 120 answers (0.8 %, 95 % CI ")


def test_answers_without_a_value_are_told_by_their_kind(small):
    """A label off the list, a face not found and words that could not be read are not called the same."""
    study = small.study(10)
    rows = small.rater(study)
    kinds = iter(["off-list"] * 3 + ["no-face"] * 2 + ["invalid"])
    for row in [row for row in rows if row["item"] == "emotion"][:6]:
        row |= {"value": None, "route": next(kinds)}
    (sentence,) = told(analyze(study, small.results(rows), QUICK), "run", "emotion")
    assert sentence.startswith("model gave no usable answer on emotion in 6 of 60 answers (10.0 %, ")
    kinds_told = "3 that the study does not offer, 2 without a face that was found, 1 that could not be read"
    assert sentence.endswith(f": {kinds_told}.")


def test_a_few_images_rated_again_leave_nothing_missing(small):
    """A whole run and a second rating of some images is no run with missing ratings."""
    study = small.study(10)
    rows = small.rater(study)
    again = [row | {"repeat": 2} for row in rows[:6]]
    (summary,) = analyze(study, small.results([*rows, *again]), QUICK).summaries
    assert summary.replies[-1].answer.startswith("Nothing: all 62 ratings were made")


def test_a_rater_of_labels_alone_is_not_called_free_of_bias(small):
    """What only labels were given for is not judged on scales: neither as a stand-in nor as unbiased."""
    study = small.study(10, ratings=small.people(small.study(10)))
    rows = [row for row in small.rater(study) if row["item"] == "emotion"]
    (summary,) = analyze(study, small.results(rows), QUICK).summaries
    replies = {reply.question: reply.answer for reply in summary.replies}
    assert replies["May it replace a person?"] == NO_RATINGS
    assert replies["Where is it biased?"].startswith(NO_RATINGS)
    assert "bias in an emotion" not in replies["Where is it biased?"]


def test_no_finding_without_an_interval_that_leaves_out_no_difference(analysis):
    """Every difference told has an interval without 0 (ratios: without 1), and a corrected p where it was tested."""
    for finding in analysis.findings:
        assert isinstance(finding.evidence, Estimate)
        if finding.about in {"bias", "overall bias", "groups"}:
            assert not finding.evidence.ci_low <= 0 <= finding.evidence.ci_high
        if finding.adjusted is not None:
            assert finding.adjusted.p_adjusted <= 0.05


def test_a_group_on_whose_faces_the_rater_errs_is_named(small):
    """A rater that takes every second angry face of women for neutral, and none of men, is told to."""
    study = small.study(60)
    rows = small.rater(study)
    for row in rows:
        who = int(row["image_id"][1:4])
        if row["value"] == "angry" and who % 4 == 0:
            row["value"] = "neutral"
    found = analyze(study, small.results(rows), QUICK).findings
    told = [f for f in found if f.about == "group accuracy"]
    words = "model gives the intended emotion 0.50 times as often to angry images of f as to those of m ("
    assert any(f.sentence.startswith(words) for f in told)
    assert {f.severity for f in told if "angry" in f.sentence} == {"large"}


def test_a_small_p_alone_is_no_finding(analysis):
    """A bias whose interval is not defined is not told, whatever its test says."""
    item = analysis.bias[0]
    emotions = tuple(
        replace(e, bias=replace(e.bias, mean_bootstrap=Skipped("no interval"))) for e in item.raters[0].emotions
    )
    rater = replace(item.raters[0], emotions=emotions, overall=Skipped("no interval"))
    stripped = replace(analysis, bias=(replace(item, raters=(rater,)), *analysis.bias[1:]))
    assert not [f for f in findings(stripped) if "bias" in f.about and f.item == "valence"]


def test_a_rater_like_people_has_no_large_finding(small, study):
    """One that answers as people's means do, with every label right, is told as it is and not blamed."""
    rows = small.rater(study, "good", noise=0.0)
    means = {item: study.ratings.means(item)["mean"] for item in ("valence", "arousal")}
    for row in rows:
        if row["item"] in means:
            row["value"] = float(np.round(means[row["item"]][row["image_id"]]))
    found = analyze(study, small.results(rows), QUICK).findings
    assert not [f.sentence for f in found if f.severity == "large"]
    assert {f.item for f in found if f.about == "agreement"} == {"valence", "arousal"}


def test_the_worst_comes_first(analysis):
    """Findings are sorted by how much they matter."""
    order = ["large", "moderate", "small", "note"]
    ranks = [order.index(finding.severity) for finding in analysis.findings]
    assert ranks == sorted(ranks)
    assert {"large", "note"} <= {finding.severity for finding in analysis.findings}


def test_every_question_is_answered_for_every_rater(analysis):
    """Five questions, each with an answer that names the planted trouble where there is one."""
    (summary,) = analysis.summaries
    answers = {reply.question: reply.answer for reply in summary.replies}
    assert len(answers) == 5
    assert "kappa" in answers["How good is it?"]
    assert "one person reaches" in answers["How good is it?"]
    assert "arousal of disgust" in answers["Where is it biased?"]
    assert "the same number" in answers["Does it tell images apart?"]
    assert "1 of 120 answers" in answers["What went wrong in the run?"]


def test_a_rater_of_one_number_keeps_its_line(small, study):
    """A rater that answers 5 to everything has no r, which is said with the reason, and an error all the same."""
    rows = [row | {"value": 5.0} if row["item"] != "emotion" else row for row in small.rater(study, "five")]
    (summary,) = analyze(study, small.results(rows), QUICK).summaries
    good = summary.replies[0].answer
    assert "Valence, 120 images: r not computed (" in good
    assert "), MAE " in good
    assert "In 6 of 6 emotions five's valence varies less" in summary.replies[3].answer
    assert "r within emotions not computed (" in summary.replies[3].answer


def test_a_compressed_scale_is_told_with_its_ratio(small, study):
    """A rater that uses half of the scale is found to, and no sentence calls its spread that of people."""
    rows = small.rater(study, "narrow", noise=0.3)
    for row in rows:
        if row["item"] == "valence":
            row["value"] = float(round(5 + (row["value"] - 5) * 0.4))
    analysis = analyze(study, small.results(rows), QUICK)
    (found,) = (f for f in analysis.findings if f.rests_on == "sd-ratios" and f.item == "valence")
    assert found.evidence.ci_high < 1
    answer = analysis.summaries[0].replies[3].answer
    assert f"its SD over all images is {found.evidence.value:.2f} (95 % CI" in answer


def test_a_study_without_emotions_tells_its_overall_bias(small):
    """Where nothing is posed the bias over all images is told first, and why there is none in emotions."""
    made = small.study(20, factors=Factors())
    study = replace(made, ratings=small.people(made))
    rows = small.rater(study, bias=dict.fromkeys(("happy", "sad", "angry", "fear", "disgust", "neutral"), 1.0))
    (summary,) = analyze(study, small.results(rows), QUICK).summaries
    answer = summary.replies[2].answer
    assert answer.startswith("Valence, over all images: 0.98 (95 % CI 0.")
    assert "No bias in an emotion" not in answer
    assert "In emotions it cannot be told: the study names no emotion factor." in answer


def test_means_alone_say_why_nobody_can_be_replaced(small, study):
    """With people's means only the reason is that, and no shortage of images."""
    aggregated = replace(study, ratings=small.aggregated(study.ratings))
    (summary,) = analyze(aggregated, small.results(small.rater(study)), QUICK).summaries
    assert "single ratings are not at hand, only their means" in summary.replies[1].answer


def test_what_cannot_be_answered_says_why(small):
    """Without people, emotions and groups each question says what it lacks."""
    study = small.study(6, items=(Item("attractiveness", Likert(1, 7)),), factors=Factors())
    (summary,) = analyze(study, small.results(small.rater(study)), QUICK).summaries
    answers = {reply.question: reply.answer for reply in summary.replies}
    assert answers["How good is it?"].startswith("It cannot be told")
    assert answers["May it replace a person?"] == "It cannot be told: the study has no ratings by people."
    assert answers["Where is it biased?"] == "It cannot be told: the study has no ratings by people."
    assert answers["Does it tell images apart?"].startswith("It cannot be told")
    assert answers["What went wrong in the run?"].startswith("Nothing: all 36 ratings were made")
