"""The three modes on the baseline in the repository, rated again with answers changed by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from vlmrate.check.compare import changes
from vlmrate.check.exact import exact_rows
from vlmrate.check.statistical import statistical_rows
from vlmrate.check.tolerance import tolerance_rows
from vlmrate.check.verdict import Row, exit_code, gravest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from check.conftest import Answering, Rerating
    from vlmrate.check.records import RatedAnswer

MODES = [exact_rows, tolerance_rows, statistical_rows]


def named(rows: Sequence[Row], verdict: str) -> set[str]:
    """The rows with a verdict."""
    return {row.name for row in rows if row.verdict == verdict}


def relabelled(swap: dict[str, str], images: str = "") -> Answering:
    """Labels renamed, on images whose id holds a word."""

    def change(image_id: str, answer: RatedAnswer) -> RatedAnswer:
        if answer.item != "emotion" or images not in image_id:
            return answer
        told = answer.probabilities or {}
        value = swap.get(str(answer.value), answer.value)
        return answer.model_copy(update={"value": value, "probabilities": {swap.get(k, k): p for k, p in told.items()}})

    return change


def moved(item: str, points: int, images: str = "") -> Answering:
    """A rating so many points higher, held on the scale."""

    def change(image_id: str, answer: RatedAnswer) -> RatedAnswer:
        if answer.item != item or images not in image_id:
            return answer
        return answer.model_copy(
            update={"value": min(9, max(1, int(answer.value or 0) + points)), "probabilities": None}
        )

    return change


def nudged(by: float) -> Answering:
    """A little probability taken from the likeliest answer and given to the next."""

    def change(image_id: str, answer: RatedAnswer) -> RatedAnswer:
        told = dict(answer.probabilities or {})
        first, second = sorted(told, key=told.__getitem__, reverse=True)[:2]
        return answer.model_copy(update={"probabilities": told | {first: told[first] - by, second: told[second] + by}})

    return change


def unreadable(images: str) -> Answering:
    """No answer to any item can be read, on images whose id holds a word."""

    def change(image_id: str, answer: RatedAnswer) -> RatedAnswer:
        return answer.model_copy(update={"value": None, "route": "invalid"}) if images in image_id else answer

    return change


@pytest.mark.parametrize("judge", MODES)
@pytest.mark.parametrize("same_place", [True, False])
def test_equal_answers_pass_in_every_mode(
    rerating: Rerating, judge: Callable[..., tuple[Row, ...]], same_place: bool
) -> None:
    """Nothing changed, on this machine or another: no row is anything but passed."""
    rows = judge(rerating.material(same_place=same_place))
    assert gravest(rows) == "pass"
    assert exit_code(rows, strict=True, fail_undecided=True) == 0


@pytest.mark.parametrize("judge", MODES)
def test_what_rounding_leaves_passes_in_every_mode(rerating: Rerating, judge: Callable[..., tuple[Row, ...]]) -> None:
    """Another order of summing in 32 bits moves probabilities by less than 0.0001."""
    assert gravest(judge(rerating.material(nudged(5e-5)))) == "pass"


def test_exact_names_what_is_not_equal(rerating: Rerating) -> None:
    """One answer of one image, and the image with both answers."""
    rows = exact_rows(rerating.material(moved("arousal", 1, "p01_fear")))
    assert named(rows, "regressed") == {"arousal: answers"}
    (row,) = (row for row in rows if row.name == "arousal: answers")
    assert row.finding == "1 of 36 flipped: p01_fear (8 to 9)"


def test_another_reading_of_the_same_words_is_no_tie(rerating: Rerating) -> None:
    """Answers swapped while the probabilities stay, as a fault of a parser would: all flips are seen."""

    def misread(_: str, answer: RatedAnswer) -> RatedAnswer:
        swap = {"happy": "sad", "sad": "happy"}
        return answer.model_copy(update={"value": swap.get(str(answer.value), answer.value)})

    material = rerating.material(misread)
    assert named(exact_rows(material), "regressed") == {"emotion: answers"}
    assert "emotion: kappa" in named(statistical_rows(material), "regressed")


def test_two_answers_as_likely_as_each_other_are_a_tie(rerating: Rerating) -> None:
    """Where the likeliest two share their probability either may be spoken, and nothing flipped."""
    answer = rerating.baseline.images[0].answers[0]
    tied = answer.model_copy(update={"value": "sad", "probabilities": {"sad": 0.5, "happy": 0.5}})
    image = rerating.baseline.images[0].model_copy(update={"answers": (tied,)})
    other = image.model_copy(update={"answers": (tied.model_copy(update={"value": "happy"}),)})
    (change,) = changes([image], [other])
    assert not change.changed


def test_exact_elsewhere_is_undecided(rerating: Rerating) -> None:
    """On another chip answers may differ without fault: the row says so, and it is not called a regression."""
    rows = exact_rows(rerating.material(moved("arousal", 1, "p01_fear"), same_place=False))
    assert gravest(rows) == "undecided"
    assert any("another chip or other versions" in row.finding for row in rows)
    assert exit_code(rows, strict=True, fail_undecided=False) == 0
    assert exit_code(rows, strict=True, fail_undecided=True) == 3


def test_swapped_labels_regress_by_kappa(rerating: Rerating) -> None:
    """Every happy called sad and every sad happy: kappa is named, by tests and by its interval."""
    material = rerating.material(relabelled({"happy": "sad", "sad": "happy"}))
    assert "emotion: kappa" in named(statistical_rows(material), "regressed")
    assert "emotion: kappa" in named(tolerance_rows(material), "regressed")


def test_a_shift_of_valence_regresses_by_error_and_bias(rerating: Rerating) -> None:
    """Two points up: MAE and bias are worse; arousal and emotion passed."""
    rows = statistical_rows(rerating.material(moved("valence", 2)))
    assert {"valence: MAE", "valence: bias"} <= named(rows, "regressed")
    assert {"emotion: kappa", "arousal: MAE"} <= named(rows, "pass")
    assert exit_code(rows, strict=False, fail_undecided=False) == 1


def test_a_change_for_the_better_is_changed(rerating: Rerating) -> None:
    """Answers moved to where people are: shown to differ, and not for the worse; an error only with --strict."""
    truth = rerating.material().truth
    ids = [image.image_id for image in rerating.baseline.images]
    means = {image_id: round(float(mean)) for image_id, mean in zip(ids, truth.means["arousal"], strict=True)}

    def as_people(image_id: str, answer: RatedAnswer) -> RatedAnswer:
        return answer.model_copy(update={"value": means[image_id]}) if answer.item == "arousal" else answer

    rows = statistical_rows(rerating.material(as_people))
    assert "arousal: MAE" in named(rows, "changed")
    assert not named(rows, "regressed")
    assert exit_code(rows, strict=False, fail_undecided=False) == 0
    assert exit_code(rows, strict=True, fail_undecided=False) == 1


def test_a_change_too_small_to_show_is_undecided(rerating: Rerating) -> None:
    """One flipped answer of 36: never passed, and the row says from what size on the subset shows a change."""
    rows = statistical_rows(rerating.material(moved("valence", 1, "p01_fear")))
    assert gravest(rows) == "undecided"
    (mae,) = (row for row in rows if row.name == "valence: MAE")
    assert mae.verdict == "undecided"
    assert mae.limit.startswith("from about ")


def test_unreadable_answers_regress(rerating: Rerating) -> None:
    """Every fearful and angry face answered with what cannot be read."""
    rows = statistical_rows(rerating.material(unreadable("fear"), unreadable("angry")))
    assert "emotion: invalid answers" in named(rows, "regressed")
    assert "emotion: invalid answers" in named(tolerance_rows(rerating.material(unreadable("fear"))), "regressed")


def test_a_group_is_named(rerating: Rerating) -> None:
    """Sad faces alone rated three points higher in valence: tolerance names that group and no other emotion."""
    rows = tolerance_rows(rerating.material(moved("valence", 3, "sad")))
    assert "valence: bias, emotion=sad" in named(rows, "regressed")
    assert not any("emotion=happy" in name for name in named(rows, "regressed"))


def test_a_limit_of_ones_own_is_kept(rerating: Rerating) -> None:
    """An MAE that may not grow by more than 0.01 fails where the baseline's interval would have let it pass."""
    change = moved("valence", 1, "p02")
    rows = tolerance_rows(rerating.material(change))
    strict = tolerance_rows(rerating.material(change, allow={"valence.mae": 0.0}))
    assert "valence: MAE" in named(rows, "pass")
    assert "valence: MAE" in named(strict, "regressed")


def test_the_gravest_row_decides_and_what_is_told_does_not() -> None:
    """regressed before changed before undecided before pass; no judged row is no pass."""

    def row(verdict: object) -> Row:
        return Row.model_validate({"name": "x", "verdict": verdict, "before": None, "now": None, "finding": ""})

    assert gravest([row("pass"), row("changed"), row("undecided")]) == "changed"
    assert gravest([row("changed"), row("regressed")]) == "regressed"
    assert gravest([row(None)]) == "undecided"
    assert exit_code([row("changed"), row("undecided")], strict=False, fail_undecided=True) == 3
