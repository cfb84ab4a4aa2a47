"""What each kind of derived rater answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from derive.bench import EMOTIONS, Bench, bench, noisy, several, values
from vlmrate.errors import RaterError

if TYPE_CHECKING:
    import pandas as pd

HOW = {"happy": (1.5, 0.6), "sad": (3.0, 0.5), "fear": (-1.0, 1.4)}


def naive_line(desk: Bench, source: dict[str, float], image: str, folds: dict[str, int]) -> float:
    """Least squares by numpy on the images of the same emotion in other folds."""
    others = [i for i in source if folds[i] != folds[image] and desk.emotion(i) == desk.emotion(image)]
    slope, intercept = np.polyfit([source[i] for i in others], [desk.means[i] for i in others], 1)
    return float(np.clip(intercept + slope * source[image], 1, 9))


def test_a_calibrated_number_is_that_of_a_line_of_the_other_folds(tmp_path):
    """Every value equals an independent fit without the image's fold; identities are whole, labels are the source's."""
    desk = bench(tmp_path)
    source = noisy(desk, 0.3, lines=HOW)
    desk.rate("far", source)
    prepared = desk.prepare("calibrated", "far", folds=4)
    record = prepared.made.derivation
    assert len(set(record.folds.values())) == 4
    assert all(len({record.folds[f"p{who:02d}_{e}"] for e in EMOTIONS}) == 1 for who in range(8))
    told = values(prepared)
    assert told == pytest.approx({i: naive_line(desk, source, i, record.folds) for i in source})
    assert values(prepared, "emotion") == {image: desk.emotion(image) for image in source}


def test_one_line_for_all_or_one_for_each_answer(tmp_path):
    """--by none has a line a fold; --by answer has one for each label given, whatever was posed."""
    desk = bench(tmp_path)
    labels = several(desk.images, "happy", "happy", "sad")
    desk.rate("far", noisy(desk, 0.3), labels)
    by_none = desk.prepare("calibrated", "far", by="none").made.derivation
    assert {line.group for line in by_none.lines} == {"all images"}
    by_answer = desk.prepare("calibrated", "far", by="answer").made
    assert {line.group for line in by_answer.derivation.lines} == {"happy", "sad"}
    assert "oracle" not in by_answer.knows


def test_values_are_held_on_the_scale(tmp_path):
    """A line that would leave the scale ends at its end."""
    desk = bench(tmp_path)
    cautious = {image: 4.0 + 0.2 * value for image, value in noisy(desk, 0.1).items()}
    outlier = desk.images[0]
    desk.rate("far", cautious | {outlier: 9.0})
    assert values(desk.prepare("calibrated", "far", by="none"))[outlier] in (1.0, 9.0)


def test_category_mean_leaves_the_identity_out(desk):
    """The mean of people's means of the same emotion over all other identities; the label is the one posed."""
    prepared = desk.prepare("category-mean")
    for image, value in values(prepared).items():
        others = [desk.means[i] for i in desk.images if desk.emotion(i) == desk.emotion(image) and i != image]
        assert value == pytest.approx(np.mean(others))
    assert values(prepared, "emotion") == {image: desk.emotion(image) for image in desk.images}
    assert "emotion posed" in prepared.job.about["knows"]


def test_label_only_takes_the_mean_of_the_label_given(tmp_path):
    """Over other identities' images with the same label; without a label there is no number."""
    desk = bench(tmp_path)
    labels = several(desk.images, "happy", "sad", "sad", "happy", "fear") | {desk.images[7]: None}
    desk.rate("near", noisy(desk, 0.4), labels)
    prepared = desk.prepare("label-only", "near")
    told = values(prepared)
    for image in desk.images:
        alike = [i for i in desk.images if labels[i] == labels[image] and i[:3] != image[:3]]
        if labels[image] is None:
            assert told[image] is None
        else:
            assert told[image] == pytest.approx(np.mean([desk.means[i] for i in alike]))
    assert values(prepared, "emotion") == labels
    assert "valence is missing for 1 of 24 images, for want of something to make it of" in prepared.notes


def test_a_hybrid_takes_each_item_from_its_source(desk):
    """Labels of one, numbers of another."""
    desk.rate("other", dict.fromkeys(desk.images, 2.0), dict.fromkeys(desk.images, "fear"))
    prepared = desk.prepare("hybrid", "other:emotion", "near:valence")
    assert set(values(prepared, "emotion").values()) == {"fear"}
    assert values(prepared) == pytest.approx(noisy(desk, 0.4))
    with pytest.raises(RaterError, match="emotion comes from both other/native and near/native"):
        desk.prepare("hybrid", "other", "near")


def test_an_ensemble_is_mean_and_vote(desk):
    """Three raters: means of numbers, the label of two; where all differ and none knows more, the first named's."""
    first, second, third = desk.images[:3]
    for name, value, votes in (
        ("a", 2.0, ("happy", "sad", "fear")),
        ("b", 4.0, ("happy", "fear", "sad")),
        ("c", 9.0, ("sad", "fear", "happy")),
    ):
        desk.rate(name, dict.fromkeys(desk.images, value), several(desk.images, *votes))
    prepared = desk.prepare("ensemble", "a", "b", "c")
    assert set(values(prepared).values()) == {5.0}
    told = values(prepared, "emotion")
    assert (told[first], told[second], told[third]) == ("happy", "fear", "fear")
    assert values(desk.prepare("ensemble", "c", "a", "b"), "emotion")[third] == "happy"


def test_a_tied_vote_goes_to_the_higher_summed_probability(desk):
    """happy .6 + .1 against sad .4 + .9: sad wins though happy's rater is named first; probabilities are averaged."""
    sure = {"happy": 0.1, "sad": 0.9, "fear": 0.0}
    unsure = {"happy": 0.6, "sad": 0.4, "fear": 0.0}
    images = dict.fromkeys(desk.images, 3.0)
    for name, label, told in (("a", "happy", unsure), ("b", "sad", sure)):
        known = {image: {"emotion": told} for image in desk.images}
        desk.rate(name, images, dict.fromkeys(desk.images, label), known=known)
    prepared = desk.prepare("ensemble", "a", "b")
    assert set(values(prepared, "emotion").values()) == {"sad"}
    (kept, *_) = prepared.job.rater.by_file.values()
    assert kept.known["emotion"].probabilities == pytest.approx({"happy": 0.35, "sad": 0.65, "fear": 0.0})


def test_what_one_source_lacks_is_missing_in_the_ensemble(desk):
    """Two images that the second rater did not rate, one where it gave no number: none of them is averaged."""
    rated = dict.fromkeys(desk.images[2:], 3.0) | {desk.images[5]: None}
    desk.rate("part", rated)
    prepared = desk.prepare("ensemble", "near", "part")
    missing = [image for image, value in values(prepared).items() if value is None]
    assert missing == [desk.images[0], desk.images[1], desk.images[5]]
    assert any(note.startswith("valence is missing for 3 of 24 images") for note in prepared.notes)
    assert desk.derive("ensemble", "near", "part").progress.invalid_answers == 5  # two labels as well


def test_expected_weights_by_probability(desk):
    """The number is the sum of value times probability, the label the likeliest one."""
    numbers = {str(n): 0.0 for n in range(1, 10)} | {"4": 0.75, "8": 0.25}
    told = {"emotion": {"happy": 0.2, "sad": 0.3, "fear": 0.5}, "valence": numbers}
    desk.rate("sure", dict.fromkeys(desk.images, 4.0), known=dict.fromkeys(desk.images, told))
    prepared = desk.prepare("expected", "sure")
    assert set(values(prepared).values()) == {5.0}
    assert set(values(prepared, "emotion").values()) == {"fear"}
    with pytest.raises(RaterError, match="near/native gave no probabilities"):
        desk.prepare("expected", "near")


def test_a_person_is_drawn_for_each_image(desk):
    """Each value is what the person on record gave that image; another seed draws others, the same seed the same."""
    prepared = desk.prepare("person", seed=4)
    table = desk.study.ratings.table.set_index(["rater_id", "image_id"])["valence"]
    drawn = prepared.made.derivation.drawn
    assert values(prepared) == {image: table[drawn[image], image] for image in desk.images}
    assert len(set(drawn.values())) > 1
    assert drawn == desk.prepare("person", seed=4).made.derivation.drawn
    assert drawn != desk.prepare("person", seed=5).made.derivation.drawn
    shuffled = desk.with_people(lambda table: table.sample(frac=1, random_state=1))
    assert drawn == shuffled.prepare("person", seed=4).made.derivation.drawn


@pytest.mark.parametrize(
    "wish",
    [
        ("calibrated", "near", {}),
        ("calibrated", "near", {"by": "answer"}),
        ("calibrated", "near", {"by": "none", "folds": 3}),
        ("category-mean", None, {}),
        ("label-only", "near", {}),
    ],
    ids=["by emotion", "by answer", "by none", "category-mean", "label-only"],
)
@pytest.mark.parametrize("who", ["p00", "p03", "p07"])
def test_what_people_say_of_a_face_does_not_change_what_is_derived_for_it(tmp_path, wish, who):
    """Other ratings of one identity leave its derived values as they are to the last bit, and move others'."""
    kind, source, options = wish
    desk = bench(tmp_path)
    desk.rate("near", noisy(desk, 0.4), several(desk.images, "happy", "sad"))

    def other(table: pd.DataFrame) -> pd.DataFrame:
        theirs = table["image_id"].str.startswith(who)
        rng = np.random.default_rng(1)
        return table.assign(valence=table["valence"].where(~theirs, rng.integers(1, 10, len(table)).astype(float)))

    sources = () if source is None else (source,)
    before = values(desk.prepare(kind, *sources, **options))
    after = values(desk.with_people(other).prepare(kind, *sources, **options))
    own = [image for image in desk.images if image.startswith(who)]
    assert [before[image] for image in own] == [after[image] for image in own]
    assert any(before[image] != after[image] for image in desk.images)


def test_without_identities_folds_are_by_image(tmp_path):
    """The record says so, and every image lies in a fold of its own accord."""
    desk = bench(tmp_path, named=False)
    desk.rate("near", noisy(desk, 0.4))
    prepared = desk.prepare("calibrated", "near", by="none")
    assert prepared.made.derivation.held_out == "image"
    folds = prepared.made.derivation.folds
    assert any(len({folds[f"p{who:02d}_{e}"] for e in EMOTIONS}) > 1 for who in range(8))
    assert prepared.made.knows == "people's ratings of other images"
