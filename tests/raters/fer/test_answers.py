"""From outputs to answers: which items are answered, off-list labels, rescaling."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from vlmrate.errors import RaterError
from vlmrate.protocol.parser import Given
from vlmrate.raters.fer.answers import Answers, Plan, no_face, plan_answers, read_outputs, rescaled, softmax
from vlmrate.raters.fer.entry import FerEntry
from vlmrate.study.records import Item, Labels, Likert

if TYPE_CHECKING:
    from collections.abc import Sequence

FOUR = [["happy", "happiness"], ["sad"], ["surprise"], ["fear", "afraid"]]
EMOTION = Item("emotion", Labels(("Happiness", "sad", "bored")), intended="posed")
VALENCE = Item("valence", Likert(1, 9))


def entry(names: Sequence[Sequence[str]] = FOUR, **labels: Any) -> FerEntry:
    """A network of four expressions and a valence."""
    return FerEntry.model_validate(
        {
            "onnx": "x.onnx",
            "input": {"size": 8},
            "labels": {"names": [list(words) for words in names], "are": "probabilities"} | labels,
            "scales": [{"items": ["valence", "pleasantness"], "output": "numbers"}],
        }
    )


def answered(numbers: Sequence[float], items: Sequence[Item] = (EMOTION,), **labels: Any) -> Answers:
    """The answers to items, given the first output."""
    described = entry(**labels)
    outputs: dict[str | None, Any] = {None: np.float32(numbers), "numbers": np.float32([0.5])}
    return read_outputs(plan_answers("fer:x", described, items), outputs)


@pytest.mark.parametrize(
    ("said", "ends", "scale", "value"),
    [
        (-1, (-1, 1), Likert(1, 9), 1.0),
        (0, (-1, 1), Likert(1, 9), 5.0),
        (1, (-1, 1), Likert(1, 9), 9.0),
        (0.25, (-1, 1), Likert(1, 9), 6.0),
        (0.5, (-1, 1), Likert(1, 7), 5.5),
        (0.75, (0, 1), Likert(0, 100), 75.0),
        (5, (1, 9), Likert(-3, 3), 0.0),
    ],
)
def test_a_number_is_brought_to_the_scale_and_not_rounded(
    said: float, ends: tuple[float, float], scale: Likert, value: float
) -> None:
    """(v - lo) / (hi - lo) x (high - low) + low; for -1 to 1 and a scale from 1 to 9 that is (v + 1) / 2 x 8 + 1."""
    assert rescaled(said, ends, scale) == Given(value)


@pytest.mark.parametrize(("said", "value", "came"), [(1.125, 9.0, 9.5), (-1.5, 1.0, -1.0)])
def test_a_number_beyond_its_range_is_moved_to_the_end(said: float, value: float, came: float) -> None:
    """What it would have been is kept."""
    assert rescaled(said, (-1, 1), Likert(1, 9)) == Given(value, clamped_from=came)


def test_options_are_matched_by_any_name_whatever_the_case() -> None:
    """The study's own spelling is the answer; an option that the network does not know has no chance."""
    answers = answered([0.5, 0.25, 0.125, 0.125])
    assert answers.given == {"emotion": Given("Happiness")}
    assert answers.options["emotion"].probabilities == {"Happiness": 0.5 / 0.75, "sad": 0.25 / 0.75, "bored": 0.0}
    assert answers.options["emotion"].valid_mass == 0.75
    assert answers.words == ("happy",)


def test_an_expression_off_the_list_is_no_answer_unless_renormalised() -> None:
    """The likeliest of all counts, or the likeliest of those offered; the probabilities are the same either way."""
    invalid = answered([0.125, 0.25, 0.5, 0.125])
    assert invalid.given == {"emotion": Given(None, "off-list")}
    renormalised = answered([0.125, 0.25, 0.5, 0.125], off_list="renormalise")
    assert renormalised.given == {"emotion": Given("sad")}
    assert invalid.options == renormalised.options
    assert invalid.options["emotion"].valid_mass == 0.375
    assert invalid.words == renormalised.words == ("surprise",)


@pytest.mark.parametrize("off_list", ["invalid", "renormalise"])
def test_nothing_can_be_renormalised_where_no_option_has_a_chance(off_list: str) -> None:
    """A network that is certain of surprise says nothing of the options."""
    answers = answered([0, 0, 1, 0], off_list=off_list)
    assert answers.given == {"emotion": Given(None, "off-list")}
    assert answers.options == {}


def test_logits_become_probabilities_first() -> None:
    """Softmax over all expressions, and large logits do not overflow."""
    assert softmax(np.array([1000.0, 1000.0])).tolist() == [0.5, 0.5]
    answers = answered([2, 1, 0, 0], are="logits")
    shares = np.exp([2, 1, 0, 0]) / np.exp([2, 1, 0, 0]).sum()
    assert answers.options["emotion"].valid_mass == pytest.approx(shares[:2].sum())
    assert answers.options["emotion"].probabilities["sad"] == pytest.approx(shares[1] / shares[:2].sum())


def test_labels_may_begin_anywhere_in_an_output() -> None:
    """`first` counts from 0."""
    assert answered([9, 9, 0.1, 0.7, 0.1, 0.1], first=2).given == {"emotion": Given("sad")}


def test_only_items_that_it_knows_are_answered_in_the_studys_order() -> None:
    """A number by its name, labels where two options at least are known; trust and naturalness are left alone."""
    items = (
        Item("Pleasantness", Likert(1, 7)),
        Item("trust", Likert(1, 7)),
        Item("mood", Labels(("happy", "dreamy"))),
        EMOTION,
        Item("valence", Labels(("good", "bad"))),
    )
    plan = plan_answers("fer:x", entry(), items)
    assert [item.name for item in plan.items(items)] == ["Pleasantness", "emotion"]


def test_of_several_label_items_the_one_with_a_right_answer_is_answered() -> None:
    """A guess of people's feelings has no right answer; the posed emotion has one. Else the best known counts."""
    felt = Item("felt", Labels(("happy", "sad", "fear")))
    plain = Item("seen", Labels(("happy", "sad")))
    assert _label(plan_answers("fer:x", entry(), (felt, EMOTION))) == "emotion"
    assert _label(plan_answers("fer:x", entry(), (plain, felt))) == "felt"


def _label(plan: Plan) -> str | None:
    return plan.label.item.name if plan.label else None


def test_a_study_with_nothing_that_it_knows_is_refused() -> None:
    """One sentence: what the study asks, what the network knows, what to do."""
    with pytest.raises(RaterError, match=r"fer:x answers none of the study's items \(trust\); it knows happy, sad, "):
        plan_answers("fer:x", entry(), (Item("trust", Likert(1, 7)),))


def test_two_options_that_are_one_expression_are_refused() -> None:
    """Happy and happiness as two options of one item cannot be told apart."""
    both = Item("emotion", Labels(("happy", "happiness", "sad")))
    with pytest.raises(RaterError, match="fer:x cannot tell 'happy' from 'happiness', two options of emotion"):
        plan_answers("fer:x", entry(), (both,))


def test_without_a_face_nothing_is_answered() -> None:
    """Every item that would have been answered says so."""
    answers = no_face(plan_answers("fer:x", entry(), (EMOTION, VALENCE)))
    assert answers.given == {"emotion": Given(None, "no-face"), "valence": Given(None, "no-face")}
    assert answers.words == ("no face found",)
