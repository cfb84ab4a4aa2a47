"""A published study's printed values beside ours."""

from __future__ import annotations

import re
import warnings
from dataclasses import replace
from pathlib import Path

import pytest

from vlmrate.analysis import AnalysisOptions, analyze
from vlmrate.analysis.printed_kappa import printed_kappas
from vlmrate.report.document import document
from vlmrate.report.outline import outline
from vlmrate.stats import Bootstrap, Estimate, Skipped
from vlmrate.study.design import describe
from vlmrate.study.published import Published, load_published
from vlmrate.study.records import Factors

SHARED = Path(__file__).resolve().parents[3] / "shared" / "STUDY.md"
QUICK = Bootstrap(resamples=200)
EMOTIONS = ("happy", "neutral", "fear", "disgust", "angry", "sad")
# Answers to 240 images of each emotion that give the printed accuracies; None is the one invalid answer.
COUNTS: dict[str, dict[str | None, int]] = {
    "happy": {"happy": 240},
    "neutral": {"neutral": 240},
    "fear": {"fear": 235, "neutral": 5},
    "disgust": {"disgust": 202, "angry": 38},
    "angry": {"angry": 97, "disgust": 80, "neutral": 63},
    "sad": {"sad": 30, "neutral": 170, "fear": 39, None: 1},
}


def report(analysis) -> str:
    """The whole report in Markdown."""
    return document(analysis, outline(analysis))


@pytest.fixture
def study(small):
    """240 identities in six emotions, with people; no groups are named, whose models would take most of the time."""
    made = small.study(240, factors=Factors("emotion", "identity"))
    return replace(made, ratings=small.people(made))


@pytest.fixture
def gemma3(small, study):
    """A rater called gemma3 whose confusion counts are those of the printed tables."""
    left = {emotion: [answer for answer, n in given.items() for _ in range(n)] for emotion, given in COUNTS.items()}
    rows = []
    for row in small.rater(study, "gemma3", bias={"fear": -1.99}):
        answer = left[row["image_id"].split("_")[1]].pop() if row["item"] == "emotion" else row["value"]
        rows.append(row | {"value": answer, "route": "exact" if answer is not None else "invalid"})
    return rows


@pytest.fixture
def beside(small, study, gemma3):
    """The analysis of gemma3 alone beside tae2026."""
    options = AnalysisOptions(bootstrap=QUICK, published=load_published("tae2026"))
    return analyze(study, small.results(gemma3), options)


def found(analysis, rater: str, statistic: str, item: str = "emotion", level: str = "", group: str = ""):
    """The one row of a printed value."""
    (row,) = (
        row
        for row in analysis.published.values
        if (row.published.rater, row.published.statistic, row.published.item, row.published.level, row.published.group)
        == (rater, statistic, item, level, group)
    )
    return row


def test_counts_as_in_the_printed_tables_give_the_printed_figures(beside):
    """Accuracy .725 of all images and .726 of valid ones, kappa, macro-F1 over six labels and 170/239 (71.1 %)."""
    told = report(beside)
    row = next(line for line in told.splitlines() if line.startswith("| gemma3 | 1,440 |"))
    assert "| .725 [" in row
    assert "| .726 |" in row
    assert "| sad → neutral |" in told
    assert "170/239 (71.1 %)" in told
    (scores,) = (entry.scores for entry in beside.classification[0].raters)
    observed, expected = 1044 / 1440, sum(240 * answered(label) for label in EMOTIONS) / 1440**2
    assert scores.kappa.value == pytest.approx((observed - expected) / (1 - expected), abs=1e-12)
    assert scores.macro_f1.value == pytest.approx(sum(map(f1, EMOTIONS)) / 6, abs=1e-12)
    assert f"{scores.macro_f1.value:.3f}".lstrip("0") in row


def answered(label: str) -> int:
    """How often a label was answered."""
    return sum(given.get(label, 0) for given in COUNTS.values())


def f1(label: str) -> float:
    """F1 from the counts."""
    return 2 * COUNTS[label].get(label, 0) / (240 + answered(label))


def test_ours_stand_beside_the_printed_values_with_the_difference(beside):
    """Each statistic is found where it was computed: accuracy, recall, a pathway, a bias, an SD ratio."""
    accuracy = found(beside, "gemma3", "accuracy")
    assert (accuracy.rater, accuracy.published.printed) == ("gemma3", ".726")
    assert accuracy.ours.value == 1044 / 1440
    assert accuracy.difference == 1044 / 1440 - 0.726
    assert found(beside, "gemma3", "recall", level="disgust").ours.value == 202 / 240
    assert found(beside, "gemma3", "share_of_valid", level="sad", group="neutral").ours.value == 170 / 239
    assert abs(found(beside, "gemma3", "share_of_valid", level="sad", group="neutral").difference) < 5e-4
    bias = found(beside, "gemma3", "bias", "valence", "fear")
    assert bias.ours == beside.bias[0].raters[0].emotions[3].bias.mean_bootstrap
    assert found(beside, "gemma3", "sd_ratio", "valence").ours == beside.spread[0].raters[0].overall.ratios.image_means
    assert found(beside, "gemma3", "mixed_bias", "valence", "angry").ours.value == pytest.approx(
        found(beside, "gemma3", "bias", "valence", "angry").ours.value, abs=1e-9
    )
    assert found(beside, "people", "alpha", "valence").ours == beside.reliability[0].alpha


def test_every_statistic_has_its_counterpart(small, study, gemma3):
    """With a rater and people for all, only what the paper leaves open and what people did not rate has no number."""
    llama = [row | {"rater": "llama"} for row in gemma3]
    published = load_published("tae2026")
    analysis = analyze(study, small.results(gemma3, llama), AnalysisOptions(bootstrap=QUICK, published=published))
    missing = {
        (row.published.statistic, row.published.item)
        for row in analysis.published.values
        if row.rater is not None and isinstance(row.ours, Skipped)
    }
    # The images have no race, the group effects no reference; nobody rated naturalness, nobody here is severe.
    assert missing == {
        ("recall", "emotion"),
        ("group_coefficient", "valence"),
        ("group_coefficient", "arousal"),
        ("alpha", "naturalness"),
        ("rater_variance", "valence"),
        ("rater_to_image_variance", "valence"),
        ("rater_to_image_variance", "arousal"),
    }
    for row in analysis.published.values:
        if isinstance(row.ours, Estimate):
            assert row.difference == row.ours.value - row.published.value


def test_recall_within_a_group_counts_its_images_alone(small, study, gemma3):
    """The share of right answers to the angry faces of one group, and nobody else's."""
    published = load_published("tae2026")
    of_group = replace(
        next(value for value in published.values if value.group == "race=Black"), group="gender=f", level="angry"
    )
    options = AnalysisOptions(bootstrap=QUICK, published=replace(published, values=(of_group,)))
    (row,) = analyze(study, small.results(gemma3), options).published.values
    answers = {r["image_id"]: r["value"] for r in gemma3 if r["item"] == "emotion"}
    women = [answers[f"p{who:03d}_angry"] for who in range(0, 240, 2)]
    assert row.ours.n == 120
    assert row.ours.value == women.count("angry") / 120


@pytest.mark.parametrize("statistic", ["r", "mae", "sd_ratio", "most_distinct"])
def test_people_have_no_figure_that_they_are_the_measure_of(small, study, gemma3, statistic):
    """What is measured by people is not told of people themselves, whatever a file may ask."""
    published = load_published("tae2026")
    of_people = replace(found_value(published, "sd"), rater="people", statistic=statistic)
    options = AnalysisOptions(bootstrap=QUICK, published=replace(published, values=(of_people,)))
    (row,) = analyze(study, small.results(gemma3), options).published.values
    assert "people are the measure" in row.ours.reason


def found_value(published, statistic: str):
    """The first printed value of a statistic."""
    return next(value for value in published.values if value.statistic == statistic)


def test_a_rater_that_the_study_lacks_is_named(beside):
    """Printed values of raters that are not here keep their row and say why there is no other."""
    row = found(beside, "posterv2", "accuracy")
    assert row.rater is None
    assert row.ours == Skipped("this study has no ratings by a rater called posterv2")
    assert row.difference == row.ours


def test_the_usual_protocol_is_compared_where_there_are_several(small, study, gemma3):
    """Of two protocols of one rater it is context-carry that stands beside the paper."""
    other = [row | {"protocol": "single-shot"} for row in gemma3]
    options = AnalysisOptions(bootstrap=QUICK, published=load_published("tae2026"))
    analysis = analyze(study, small.results(other, gemma3), options)
    assert found(analysis, "gemma3", "accuracy").rater == "gemma3 (context-carry)"


def test_a_rater_may_be_named_with_its_protocol(small, study, gemma3):
    """Of several protocols, none of them the usual one, none is chosen in silence; one may be named."""
    others = [[row | {"protocol": name} for row in gemma3] for name in ("independent", "single-shot")]
    published = load_published("tae2026")
    value = found_value(published, "accuracy")
    two = tuple(replace(value, rater=name) for name in ("gemma3", "gemma3 (single-shot)"))
    options = AnalysisOptions(bootstrap=QUICK, published=replace(published, values=two))
    plain, named = analyze(study, small.results(*others), options).published.values
    assert plain.rater is None
    assert plain.ours == Skipped(
        "gemma3 may be gemma3 (independent) and gemma3 (single-shot) here; name one of them in the column rater"
    )
    assert named.rater == "gemma3 (single-shot)"
    assert named.ours.value == 1044 / 1440


def test_a_scale_without_a_readable_number_has_no_range(small, study, gemma3):
    """Where a rater never gave a number the distinct values have no least and no most, and nothing fails."""
    mute = [row | {"value": None, "route": "invalid"} if row["item"] == "valence" else row for row in gemma3]
    options = AnalysisOptions(bootstrap=QUICK, published=load_published("tae2026"))
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        analysis = analyze(study, small.results(mute), options)
    for statistic in ("fewest_distinct", "most_distinct"):
        values = [v for v in analysis.published.values if v.published.statistic == statistic and v.rater == "gemma3"]
        assert [v.ours for v in values if v.published.item == "valence"]
        assert all(isinstance(v.ours, Skipped) for v in values if v.published.item == "valence")


def test_printed_pairs_of_accuracy_and_kappa_are_held_against_each_other(beside):
    """Of the seven kappas of Table 1 four are not what their accuracies imply, two of them by far; it says so."""
    broken = [pair.rater for pair in beside.published.kappas if not pair.check.holds]
    assert (len(beside.published.kappas), broken) == (7, ["mobilevit", "efficientnet", "beit", "emonet"])
    told = report(beside)
    said = (
        "The printed kappa of beit, .713, is not what its printed accuracy of .766 implies with 6 labels, each equally"
    )
    assert f"{said} often: .719." in told
    assert "Every other printed kappa is what the accuracy implies, within its digits." in told


@pytest.mark.parametrize(
    ("accuracy", "kappa", "holds"),
    [("72.6 %", ".671", True), ("72.6 %", ".665", False), (".7", ".67", True), ("0.766", "71.3%", False)],
)
def test_digits_printed_decide_how_near_a_kappa_must_be(small, accuracy, kappa, holds):
    """Per cent and fewer digits leave more room: kappa = (accuracy - 1/6) / (5/6) within what was rounded away."""
    first = found_value(load_published("tae2026"), "accuracy")
    number = {text: float(text.strip(" %")) / (100 if "%" in text else 1) for text in (accuracy, kappa)}
    pair = [
        replace(first, statistic=statistic, printed=text, value=number[text])
        for statistic, text in (("accuracy", accuracy), ("kappa", kappa))
    ]
    (checked,) = printed_kappas(describe(small.study(1)), Published("own", tuple(pair)))
    assert checked.check.holds is holds


def test_no_pair_is_made_up(small):
    """No check where an accuracy is no share, belongs to another rater, or one of several tables cannot be told."""
    first = found_value(load_published("tae2026"), "accuracy")
    kappa = replace(first, statistic="kappa", place="Table 9")
    for others in ((replace(first, value=72.6),), (replace(first, rater="beit"),), (first, replace(first, place="2"))):
        assert printed_kappas(describe(small.study(1)), Published("own", (*others, kappa))) == ()


def test_no_published_study_is_compared_unless_asked(small, study, gemma3):
    """Without the option there is no comparison, and no table."""
    analysis = analyze(study, small.results(gemma3), AnalysisOptions(bootstrap=QUICK))
    assert analysis.published is None
    assert "printed values" not in report(analysis)


def triples_of_the_study(words: str) -> set[tuple[str, str, str, str]]:
    """Rater, statistic, what it is of, and the value, from the lines T1, T2 and T3, T5 of the study's description."""
    lines = {line.split("|")[1].strip(): line.split("|")[3].strip() for line in words.splitlines() if line[:3] == "| T"}
    found = set()
    for of_rater in lines["T1"].split(";"):
        name, *values = of_rater.split()
        pairs = zip(("accuracy", "macro_f1", "kappa"), values, strict=True)
        found |= {(name.casefold(), statistic, "", value) for statistic, value in pairs}
    for of_rater in lines["T2"].split(";"):
        name, values = of_rater.strip().split(" ", 1)
        given = zip(EMOTIONS, (value.split()[-1] for value in values.split(",")), strict=True)
        found |= {(name.casefold(), "recall", emotion, value) for emotion, value in given}
    for told in lines["T3, T5"].split(". "):
        item, values = told.split(":")
        for name, first, bracket, second in re.findall(r"(\w+) ([\d.]+)(?: (\(?)([\d.]+))?", values):
            statistics = ("mean", "sd") if bracket else ("r", "mae")
            rater = "people" if name == "human" else name.casefold()
            pairs = zip(statistics, (first, second), strict=True)
            found |= {(rater, statistic, item, value) for statistic, value in pairs if value}
    return found


@pytest.mark.skipif(not SHARED.is_file(), reason="the study's description is not at hand")
def test_the_printed_tables_are_those_of_the_study_cell_by_cell():
    """Tables 1, 2, 3 and 5: each value belongs to its rater and statistic, none is missing and none is added."""
    here = {
        (value.rater, value.statistic, value.level or value.item.replace("emotion", ""), value.printed)
        for value in load_published("tae2026").values
        if value.place in {"Table 1", "Table 2", "Table 3", "Table 5"}
    }
    assert here == triples_of_the_study(SHARED.read_text(encoding="utf-8"))


@pytest.mark.skipif(not SHARED.is_file(), reason="the study's description is not at hand")
def test_the_printed_values_are_those_of_the_study():
    """Every value printed in the file stands in the description of the study, as it is printed there."""
    words = SHARED.read_text(encoding="utf-8").replace("\N{MINUS SIGN}", "-")
    for value in load_published("tae2026").values:
        assert value.printed.rstrip(" %") in words, value


def test_the_report_prints_the_paper_as_it_is(beside):
    """The column of printed values repeats the paper to the digit: T1, T2 and the biases of fear."""
    told = report(beside)
    for line in (
        "| emotion | accuracy | Table 1 | .899 |",
        "| emotion | macro-F1 | Table 1 | .402 |",
        "| emotion | kappa | Table 1 | .878 |",
        "| emotion | accuracy of angry | Table 2 | .404 |",
        "| valence | bias in fear | Table 4 | -1.99 |",
        "| arousal | bias in happy | Table 6 | +2.39 |",
        "| valence | t of the mixed model's bias in angry | text | -42.73 |",
    ):
        assert line in told, line
