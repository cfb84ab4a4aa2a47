"""What derived raters gain, and that a leak or a changed value is caught before anything is said of a gain."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from derive.bench import QUICK, Bench, bench, noisy, several
from vlmrate import stats
from vlmrate.analysis import analyze
from vlmrate.analysis.decoding import decodings
from vlmrate.analysis.derived import lines_of
from vlmrate.analysis.gains import gains
from vlmrate.analysis.singles import NOT_ON_RECORD
from vlmrate.analysis.variance import spreads
from vlmrate.inference.table import load_results
from vlmrate.report.document import document
from vlmrate.report.outline import outline
from vlmrate.stats import Estimate, Skipped

if TYPE_CHECKING:
    from pathlib import Path

    from vlmrate.analysis.gains import NumberGain, RaterGains
    from vlmrate.inference.derivation import Derivation

DISTORTED = {"happy": (2.4, 0.7), "sad": (0.2, 0.6), "fear": (3.2, 0.6)}


@pytest.fixture
def desk(tmp_path: Path) -> Bench:
    """Eight identities and a rater near to people."""
    made = bench(tmp_path)
    made.rate("near", noisy(made, 0.4))
    return made


def gains_of(desk: Bench, name: str = "made") -> RaterGains:
    """One derived rater's gains."""
    return next(rater for rater in gains(desk.material()) if rater.rater == name)


def valence(desk: Bench, name: str = "made") -> NumberGain:
    """Its gain in valence over its first source."""
    found = gains_of(desk, name).gains
    assert not isinstance(found, Skipped), found.reason
    return next(gain.numbers for gain in found if gain.item == "valence")


def refused(desk: Bench, name: str = "made") -> str:
    """Why nothing is said of a derived rater's gains."""
    told = gains_of(desk, name).gains
    assert isinstance(told, Skipped), told
    return told.reason


def covers(outcome: object) -> bool:
    """Whether an interval has 0 in it."""
    assert isinstance(outcome, Estimate), outcome
    return outcome.ci_low <= 0 <= outcome.ci_high


def test_a_planted_distortion_is_mended(tmp_path):
    """Affine per emotion: MAE falls and its interval excludes 0; the bias is gone; r rises, r within is not hurt."""
    desk = bench(tmp_path, identities=20)
    desk.rate("far", noisy(desk, 0.15, lines=DISTORTED))
    desk.derive("calibrated", "far")
    gain = valence(desk)
    assert gain.mae.value < -0.5
    assert gain.mae.ci_high < 0
    assert not covers(gain.bias_source)
    assert covers(gain.bias)
    assert gain.r.ci_low > 0


def test_without_distortion_nothing_is_gained(tmp_path):
    """A rater that is people's mean with some noise: the change in MAE covers 0, and r is not raised.

    Lines fitted without an identity cost a hair of r (here .002): each fold's is a little off where its own images are.
    """
    desk = bench(tmp_path, identities=40)
    desk.rate("true", noisy(desk, 0.3))
    desk.derive("calibrated", "true")
    gain = valence(desk)
    assert covers(gain.mae)
    assert -0.005 < gain.r.value < 0


def test_a_gain_is_the_difference_of_what_each_comes_to(desk):
    """Over the same images: MAE of the derived rater minus that of its source, and so r and r within emotions."""
    desk.derive("calibrated", "near")
    material = desk.material()
    item = desk.study.item("valence")
    one, other = (material.scale(rater, item) for rater in sorted(material.raters, key=lambda r: r.name != "made"))
    gain = valence(desk)
    assert gain.mae.value == pytest.approx(
        (one.value - one.people).abs().mean() - (other.value - other.people).abs().mean()
    )
    r = [stats.pearson(given.value, given.people).value for given in (one, other)]
    assert gain.r.value == pytest.approx(r[0] - r[1])
    within = [stats.pearson_within(given.value, given.people, given.emotion).value for given in (one, other)]
    assert gain.r_within.value == pytest.approx(within[0] - within[1])
    assert gain.bias.value == pytest.approx((one.value - one.people).mean())


def test_labels_gain_too(desk):
    """Two thirds of a third rater's votes are mended by two right ones: accuracy rises by what was wrong."""
    wrong = several(desk.images, "fear", "sad")
    desk.rate("poor", noisy(desk, 1.0, seed=5), wrong)
    desk.rate("good", noisy(desk, 0.4, seed=6))
    desk.derive("ensemble", "near", "good", "poor")
    found = {(gain.source, gain.item): gain for gain in gains_of(desk).gains}
    right = sum(wrong[image] == desk.emotion(image) for image in desk.images) / 24
    assert found["poor", "emotion"].labels.accuracy.value == pytest.approx(1 - right)
    assert found["near", "emotion"].labels.accuracy.value == 0
    assert found["near", "emotion"].labels.same.value == 1
    assert found["poor", "valence"].numbers.mae.ci_high < 0


def test_the_report_has_a_row_for_each(desk):
    """Derived rater, way, source and item; the note says that nothing saw whom it served."""
    desk.derive("calibrated", "near")
    analysis = desk.analyze()
    told = document(analysis, outline(analysis))
    assert "What derived raters gain: numbers" in told
    assert "| calibrated | near | valence | 24 |" in told
    assert "| calibrated | near | emotion | 24 | 1.000" in told
    assert "What made answered for an image was fitted without any image of whom it shows." in told
    assert "made is no model: its numbers are another rater's" in told
    assert "It knows the emotion posed (an oracle in that)" in told


def test_without_derived_raters_the_report_says_how_to_have_one(desk):
    """The reason names the command."""
    analysis = desk.analyze()
    assert isinstance(analysis.gains, Skipped)
    assert "no rater was made of others (`vlmrate derive`)" in document(analysis, outline(analysis))


def test_an_oracle_is_called_one(desk):
    """category-mean has no source to gain over, and the opening says what it is."""
    desk.derive("category-mean", name="posed")
    assert "made of people's ratings alone" in refused(desk, "posed")
    analysis = desk.analyze()
    assert "posed is no model: it is an oracle" in document(analysis, outline(analysis))


# What is not to be believed.


def rewrite(file: Path, change: dict[str, object]) -> None:
    """Other values of some keys of a JSON file."""
    file.write_text(json.dumps(json.loads(file.read_text(encoding="utf-8")) | change), encoding="utf-8")


def change_rating(desk: Bench, image: str, item: str, value: object) -> None:
    """Another value in one stored rating."""
    file = desk.folder() / "ratings" / f"{image}.json"
    told = json.loads(file.read_text(encoding="utf-8"))
    (answer,) = (answer for answer in told["steps"][0]["answers"] if answer["item"] == item)
    answer["value"] = value
    file.write_text(json.dumps(told), encoding="utf-8")


def with_lines_of(desk: Bench, record: Derivation, *, clusters: bool) -> Derivation:
    """The record with the lines of its folds; without clusters, as who does not mind whom they see would fit them."""
    material = desk.material()
    if not clusters:
        images = replace(material.images, clusters=pd.Series(desk.images, desk.images, dtype=object))
        material = replace(material, images=images)
    return record.model_copy(update={"lines": lines_of(material, record)})


def test_folds_by_image_are_caught(desk):
    """A rater made consistently of folds by image, in a study that names who is shown: its gain is not told."""
    prepared = desk.prepare("calibrated", "near")
    folds = stats.cluster_folds(desk.images, 5, seed=1).tolist()
    leaky = prepared.made.derivation.model_copy(update={"folds": dict(zip(desk.images, folds, strict=True))})
    desk.plant(prepared, with_lines_of(desk, leaky, clusters=False))
    reason = refused(desk)
    assert "lies in the folds" in reason
    assert "were fitted on its own images" in reason
    analysis = desk.analyze()
    told = document(analysis, outline(analysis))
    assert f"Gains of derived raters, made: {reason}" in told
    assert "What derived raters gain" not in told


def test_an_honest_rater_planted_the_same_way_is_believed(desk):
    """So that what the other tests see is the leak and not the planting."""
    prepared = desk.prepare("calibrated", "near")
    desk.plant(prepared, with_lines_of(desk, prepared.made.derivation, clusters=True))
    assert isinstance(valence(desk).mae, Estimate)


def test_lines_that_saw_everybody_are_caught(desk):
    """Folds on record, but every line fitted on all images, and the values those that it gives."""
    prepared = desk.prepare("calibrated", "near")
    record = prepared.made.derivation
    item, material = desk.study.item("valence"), desk.material()
    (near,) = material.raters
    given = material.scale(near, item)
    everything = {line.group: line for line in stats.calibrate(given.value, given.people, groups=given.emotion).lines}
    leaky = [
        line.model_copy(update={"slope": everything[line.group].slope, "intercept": everything[line.group].intercept})
        for line in record.lines
    ]
    desk.plant(prepared, record.model_copy(update={"lines": tuple(leaky)}))
    assert "the line on record for valence" in refused(desk)


def test_an_identity_in_two_folds_is_caught(desk):
    """One image moved into another fold on record."""
    desk.derive("calibrated", "near")
    file = desk.folder() / "derivation.json"
    folds = json.loads(file.read_text(encoding="utf-8"))["folds"]
    folds[desk.images[0]] = (folds[desk.images[0]] + 1) % 5
    rewrite(file, {"folds": folds})
    assert "the identity p00 lies in the folds" in refused(desk)


@pytest.mark.parametrize(("item", "value"), [("valence", 5.123), ("valence", None), ("emotion", "fear")])
def test_a_changed_value_is_caught(desk, item, value):
    """A number or label that the record does not give."""
    desk.derive("calibrated", "near")
    change_rating(desk, "p03_sad", item, value)
    assert f"{item} of p03_sad is not stored as its record gives it" in refused(desk)


@pytest.mark.parametrize(
    ("kind", "sources"),
    [
        ("hybrid", ("near:emotion", "other:valence")),
        ("ensemble", ("near", "other")),
        ("label-only", ("near",)),
        ("expected", ("sure",)),
        ("person", ()),
        ("category-mean", ()),
    ],
)
def test_a_changed_value_is_caught_whatever_the_kind(desk, kind, sources):
    """Each kind's numbers are made again from its record and compared."""
    desk.rate("other", noisy(desk, 0.6, seed=8))
    numbers = {str(n): 0.0 for n in range(1, 10)} | {"4": 0.75, "8": 0.25}
    told = {"emotion": {"happy": 0.2, "sad": 0.3, "fear": 0.5}, "valence": numbers}
    desk.rate("sure", dict.fromkeys(desk.images, 4.0), known=dict.fromkeys(desk.images, told))
    desk.derive(kind, *sources)
    told = gains_of(desk).gains
    assert not isinstance(told, Skipped) or "made of people's ratings alone" in told.reason
    change_rating(desk, "p03_sad", "valence", 5.0625)
    assert "valence of p03_sad is not stored as its record gives it" in refused(desk)


def test_a_vote_that_nobody_cast_is_caught(desk):
    """The label on record and in the rating agree, but most sources say another."""
    desk.rate("other", noisy(desk, 0.6, seed=8))
    desk.derive("ensemble", "near", "other")
    file = desk.folder() / "derivation.json"
    labels = json.loads(file.read_text(encoding="utf-8"))["labels"]
    labels["emotion"]["p03_sad"] = "fear"
    rewrite(file, {"labels": labels})
    change_rating(desk, "p03_sad", "emotion", "fear")
    assert "emotion of p03_sad is fear on record, which is not what most sources say" in refused(desk)


def test_a_record_of_another_rater_is_caught(desk):
    """derivation.json and the manifest must say the same."""
    desk.derive("calibrated", "near")
    rewrite(desk.folder() / "derivation.json", {"by": "none"})
    assert "derivation.json and its manifest differ in line_of" in refused(desk)
    (desk.folder() / "derivation.json").unlink()
    assert "its derivation.json is missing or cannot be read" in refused(desk)


def test_a_source_that_has_changed_is_caught(desk):
    """Also at one remove: what is made of a stale rater is not believed either."""
    desk.derive("calibrated", "near")
    desk.derive("ensemble", "near", "made", name="both")
    desk.rate("near", noisy(desk, 0.4, seed=9), fresh=True)
    assert "its source near/native has changed since it was derived" in refused(desk)
    assert "source near/native has changed" in refused(desk, "both")


def test_what_is_made_of_a_leak_is_not_believed(desk):
    """An ensemble of a calibrated rater one of whose values was changed before."""
    desk.derive("calibrated", "near")
    desk.derive("ensemble", "near", "made", name="both")
    rewrite(desk.folder() / "derivation.json", {"lines": []})
    assert "its source made/derived cannot be taken for what it says it is" in refused(desk, "both")


def test_people_or_images_that_have_changed_are_caught(desk):
    """Other ratings by people, or another identity on an image."""
    desk.derive("calibrated", "near")
    other = desk.with_people(lambda table: table.assign(valence=table["valence"].replace(4.0, 5.0)))
    assert "people's ratings have changed since it was derived" in refused(other)
    stimuli = list(desk.study.stimuli)
    stimuli[0] = replace(stimuli[0], factors=stimuli[0].factors | {"identity": "p01"})
    moved = Bench(replace(desk.study, stimuli=tuple(stimuli)))
    assert "what the study says of them, have changed" in refused(moved)


def test_folds_by_image_do_where_nobody_is_named(tmp_path):
    """A study without identities: the gain is told, and that images of one person may lie on both sides."""
    desk = bench(tmp_path, named=False)
    desk.rate("near", noisy(desk, 0.4))
    desk.derive("calibrated", "near")
    assert isinstance(valence(desk).mae, Estimate)
    analysis = desk.analyze()
    assert "fitted without that image; the study names no identities" in document(analysis, outline(analysis))


# A person is not held against a mean that holds that person.


def test_a_person_is_compared_with_the_others(desk):
    """People's mean beside the drawn person leaves the person out, image by image."""
    desk.derive("person", name="someone")
    material = desk.material()
    (someone,) = (rater for rater in material.raters if rater.name == "someone")
    given = material.scale(someone, desk.study.item("valence"))
    table = desk.study.ratings.table
    for image, drawn in someone.run.derivation.drawn.items():
        rows = table[table["image_id"] == image]
        assert given.people[image] == pytest.approx(rows.loc[rows["rater_id"] != drawn, "valence"].mean())
        assert given.value[image] == rows.loc[rows["rater_id"] == drawn, "valence"].item()


def test_a_person_whose_record_is_lost_is_held_against_nobody(desk):
    """Without knowing who was drawn, nobody could be left out."""
    desk.derive("person", name="someone")
    (desk.folder("someone") / "derivation.json").unlink()
    material = desk.material()
    (someone,) = (rater for rater in material.raters if rater.name == "someone")
    assert material.scale(someone, desk.study.item("valence")).people.isna().all()


def test_a_person_does_not_stand_in_for_a_person(desk):
    """The tests against single persons are skipped, for it is one of them; pairs are judged by the others' mean."""
    desk.derive("person", name="someone")
    desk.derive("person", name="another", seed=1)
    analysis = desk.analyze()
    (item,) = (item for item in analysis.replacement if item.item == "valence")
    (told,) = (rater for rater in item.raters if rater.rater == "someone")
    assert isinstance(told.stand_in, Skipped)
    assert isinstance(told.in_place, Skipped)
    (limits,) = (item for item in analysis.limits if item.item == "valence")
    assert all(isinstance(rater.one_person, Skipped) == (rater.rater != "near") for rater in limits.raters)
    (mae,) = (metric for metric in analysis.comparison if (metric.item, metric.metric) == ("valence", "MAE"))
    pairs = {(pair.first, pair.second): pair.difference for pair in mae.pairs}
    assert isinstance(pairs["another", "someone"], Skipped)
    material = desk.material()
    near, someone = (next(r for r in material.raters if r.name == name) for name in ("near", "someone"))
    item = desk.study.item("valence")
    others = material.scale(someone, item).people
    due = (material.scale(near, item).value - others).abs().mean() - (
        material.scale(someone, item).value - others
    ).abs().mean()
    assert pairs["near", "someone"].value == pytest.approx(due)


def test_a_persons_spread_and_distribution_are_held_against_the_others(desk):
    """Ratios of SDs and distances of answers are those against the singles without the person's own, image by image."""
    desk.derive("person", name="someone")
    material = desk.material()
    (someone,) = (rater for rater in material.raters if rater.name == "someone")
    told = material.scale(someone, desk.study.item("valence")).value
    singles = desk.study.ratings.singles("valence")
    others = singles[singles["rater_id"] != singles["image_id"].map(someone.run.derivation.drawn)]
    others = others.set_index("image_id")["value"]
    (spread,) = (item for item in spreads(material) if item.item == "valence")
    ratios = next(rater for rater in spread.raters if rater.rater == "someone").overall.ratios
    assert ratios.single_ratings.value == pytest.approx(stats.sd_ratios(told, others).single_ratings.value)
    assert ratios.image_means.value == pytest.approx(stats.sd_ratios(told, others).image_means.value)
    (decoding,) = (item for item in decodings(material, spreads(material)) if item.item == "valence")
    distances = next(rater for rater in decoding.raters if rater.rater == "someone").distances
    (due,) = stats.answer_distances(told, others, tuple(range(1, 10)))
    assert distances[0].jensen_shannon.value == pytest.approx(due.jensen_shannon.value)
    assert distances[0].entropy_people.value == pytest.approx(due.entropy_people.value)
    (desk.folder("someone") / "derivation.json").unlink()
    material = desk.material()
    (spread,) = (item for item in spreads(material) if item.item == "valence")
    lost = next(rater for rater in spread.raters if rater.rater == "someone").overall.ratios
    assert {lost.single_ratings, lost.image_means, lost.one_person} == {NOT_ON_RECORD}
    (decoding,) = (item for item in decodings(material, spreads(material)) if item.item == "valence")
    assert next(rater for rater in decoding.raters if rater.rater == "someone").distances == NOT_ON_RECORD


# What leaving out does to those who judge.


def test_no_r_within_is_told_of_a_mean_that_leaves_the_identity_out(desk):
    """By construction it would be -1: whoever is rated high is missing from the mean, which is then low."""
    desk.derive("category-mean", name="posed")
    desk.derive("label-only", "near", name="words")
    analysis = desk.analyze()
    (item,) = (item for item in analysis.dimensions if item.item == "valence")
    told = {rater.rater: rater for rater in item.raters}
    assert isinstance(told["near"].r_within, Estimate)
    assert isinstance(told["posed"].r, Estimate)
    assert isinstance(told["posed"].r_within, Skipped)
    assert isinstance(told["words"].r_within, Skipped)
    assert isinstance(valence(desk, "words").r_within, Skipped)


def within(desk: Bench, **options: object) -> dict[str, object]:
    """r within emotions of every rater's valence."""
    analysis = analyze(desk.study, load_results(desk.study), replace(QUICK, **options))
    (item,) = (item for item in analysis.dimensions if item.item == "valence")
    return {rater.rater: rater.r_within for rater in item.raters}


def test_no_r_within_is_told_of_what_is_made_of_such_a_mean(desk):
    """By way of hybrids and ensembles, however many; an item of another source keeps its r."""
    desk.derive("category-mean", name="posed")
    desk.derive("label-only", "near", name="words")
    desk.derive("hybrid", "near:emotion", "posed:valence", name="taken")
    desk.derive("hybrid", "words:emotion", "near:valence", name="beside")
    desk.derive("ensemble", "near:valence", "taken:valence", name="mixed")
    told = within(desk)
    assert isinstance(told["beside"], Estimate)
    for name in ("taken", "mixed"):
        assert "run against people within it by construction" in told[name].reason
        assert isinstance(valence(desk, name).r_within, Skipped)
    # Nor where the source is not among the raters asked for.
    assert isinstance(within(desk, raters=("taken",))["taken"], Skipped)


def test_no_r_within_is_told_where_no_record_says_what_a_rater_is_made_of(desk):
    """A hybrid that lost its record, and one whose derived source is gone."""
    desk.derive("category-mean", name="posed")
    desk.derive("hybrid", "near:emotion", "posed:valence", name="lost")
    desk.derive("hybrid", "near:emotion", "posed:valence", name="orphan")
    (desk.folder("lost") / "derivation.json").unlink()
    shutil.rmtree(desk.folder("posed").parent)
    told = within(desk)
    assert "it is not on record" in told["lost"].reason
    assert "it is not on record" in told["orphan"].reason


def test_the_analysis_calibrates_no_rater_that_rests_on_people(desk):
    """A line through means without an identity gives that identity's mean back exactly: MAE 0 for knowing nothing."""
    desk.derive("category-mean", name="posed")
    desk.derive("ensemble", "near", "posed", name="both")
    analysis = desk.analyze()
    (item,) = (item for item in analysis.calibration if item.item == "valence")
    skipped = {rater.rater: isinstance(rater.by_emotion, Skipped) for rater in item.raters}
    assert skipped == {"near": False, "posed": True, "both": True}
