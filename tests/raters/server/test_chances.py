"""How likely each answer was, as far as the likeliest tokens of a server tell."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlmrate.protocol.parser import read_answers
from vlmrate.protocol.records import Question
from vlmrate.raters.server.answered import Choice
from vlmrate.raters.server.chances import option_probabilities, spoken
from vlmrate.study.records import Item, Labels, Likert

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vlmrate.protocol.records import AnswerForm
    from vlmrate.raters.base import OptionProbabilities

EMOTION = Item("emotion", Labels(("happy", "sad", "fear", "disgust")))
VALENCE = Item("valence", Likert(1, 9))
TO_TEN = Item("valence", Likert(1, 10))
Place = tuple[str, "Mapping[str, float]"]


def token(text: str, probability: float) -> dict[str, Any]:
    """A token as a server names it."""
    return {"token": text, "logprob": math.log(probability), "bytes": list(text.encode())}


def said(*places: Place) -> Choice:
    """An answer: at each place the token that was said, and the likeliest ones with their probabilities."""
    content = [
        token(text, named[text]) | {"top_logprobs": [token(other, p) for other, p in named.items()]}
        for text, named in places
    ]
    text = "".join(text for text, _ in places).removesuffix("<end>")
    return Choice.model_validate({"message": {"content": text}, "logprobs": {"content": content}})


def chances(choice: Choice, *items: Item, form: AnswerForm = "text") -> dict[str, OptionProbabilities]:
    """What is known of every item's answers."""
    answer = choice.message.text.strip()
    found = spoken(choice.tokens, answer, reasoned=False)
    assert found is not None
    return option_probabilities(found, answer, Question("?", items, form), read_answers(answer, items, form))


def mass(chance: OptionProbabilities) -> dict[str, float]:
    """The mass of every answer that is listed, before it was made to sum to one."""
    listed = {answer: p for answer, p in chance.probabilities.items() if answer not in chance.unlisted}
    return {answer: pytest.approx(p * chance.valid_mass) for answer, p in listed.items()}


def test_answers_of_one_token_are_exact() -> None:
    """Digits: probabilities as named, those not named are listed as such and count as 0."""
    chance = chances(said(("7", {"7": 0.6, "8": 0.2, "6": 0.1, "good": 0.05})), VALENCE)["valence"]
    assert mass(chance) == {"7": 0.6, "8": 0.2, "6": 0.1}
    assert chance.valid_mass == pytest.approx(0.9)
    assert chance.unlisted == ("1", "2", "3", "4", "5", "9")
    assert sum(chance.probabilities.values()) == pytest.approx(1.0)


def test_case_and_space_before_an_answer_do_not_matter() -> None:
    """The ways of one word are summed."""
    named = {" happy": 0.3, "Happy": 0.2, "happy": 0.1, "HAPPY": 0.05, " sad": 0.25}
    chance = chances(said((" happy", named)), EMOTION)["emotion"]
    assert mass(chance) == {"happy": 0.65, "sad": 0.25}


def test_the_token_said_counts_though_it_is_not_among_the_likeliest() -> None:
    """At a temperature the token drawn may be rare."""
    choice = Choice.model_validate(
        {"message": {"content": "sad"}, "logprobs": {"content": [token("sad", 0.01) | {"top_logprobs": [
            token("happy", 0.9)]}]}}
    )  # fmt: skip
    assert mass(chances(choice, EMOTION)["emotion"]) == {"happy": 0.9, "sad": 0.01}


def test_along_what_was_said_several_tokens_are_a_product() -> None:
    """dis+gust: only what goes on to disgust counts for it; disappointed takes its own part away."""
    choice = said(("dis", {"dis": 0.5, "sad": 0.3, "f": 0.1}), ("gust", {"gust": 0.8, "appointed": 0.2}))
    assert mass(chances(choice, EMOTION)["emotion"]) == {"disgust": 0.4, "sad": 0.3, "fear": 0.1}


def test_a_token_that_begins_one_answer_counts_for_it_and_one_that_begins_several_for_none() -> None:
    """Of f it is said that it is fear; where fearless is an answer too nothing is said of either."""
    named = {"sad": 0.5, "f": 0.2, "dis": 0.1}
    assert mass(chances(said(("sad", named)), EMOTION)["emotion"]) == {"sad": 0.5, "fear": 0.2, "disgust": 0.1}
    both = Item("emotion", Labels(("sad", "fear", "fearless")))
    chance = chances(said(("sad", named)), both)["emotion"]
    assert mass(chance) == {"sad": 0.5}
    assert chance.unlisted == ("fear", "fearless")


def test_a_beginning_is_not_counted_where_the_whole_word_is_a_token() -> None:
    """Where disgust is one token, dis goes on to something else."""
    chance = chances(said(("sad", {"sad": 0.5, "disgust": 0.2, "dis": 0.1})), EMOTION)["emotion"]
    assert mass(chance) == {"sad": 0.5, "disgust": 0.2}


def test_one_may_go_on_to_ten_and_is_not_claimed() -> None:
    """On a scale to 10 the token 1 may be either, unless the server names 10 as a token of its own."""
    assert chances(said(("7", {"7": 0.6, "1": 0.3})), TO_TEN)["valence"].unlisted[0] == "1"
    own = chances(said(("7", {"7": 0.6, "1": 0.2, "10": 0.1})), TO_TEN)["valence"]
    assert mass(own) == {"1": 0.2, "7": 0.6, "10": 0.1}


def test_one_and_ten_are_told_apart_by_what_follows() -> None:
    """1 and then 0 or the end: both are known along what was said, whichever that was."""
    first, then = {"1": 0.5, "7": 0.4}, {"0": 0.8, "<end>": 0.15, "1": 0.05}
    for second in ("0", "<end>"):
        chance = chances(said(("1", first), (second, then)), TO_TEN)["valence"]
        assert mass(chance) == {"1": pytest.approx(0.075), "7": 0.4, "10": 0.4}


def test_a_number_off_the_scale_gives_nothing_to_the_end_of_the_scale() -> None:
    """15 is stored as 9 and marked; its probability is not that of 9, and 1 gets only what ended there."""
    choice = said(("1", {"1": 0.7, "2": 0.2}), ("5", {"5": 0.9, ".": 0.1}))
    assert mass(chances(choice, VALENCE)["valence"]) == {"1": pytest.approx(0.07), "2": 0.2}


def test_a_word_read_as_a_number_counts_for_it() -> None:
    """What was said is known to be its answer though it is spelled otherwise."""
    assert mass(chances(said(("seven", {"seven": 0.6, "8": 0.2})), VALENCE)["valence"]) == {"7": 0.6, "8": 0.2}


def test_every_item_of_a_json_is_read_at_its_own_place() -> None:
    """Behind quotation marks that share a token with the label, and behind a colon for the number."""
    choice = said(
        ('{"', {'{"': 1.0}), ("emotion", {"emotion": 1.0}), ('":', {'":': 1.0}),
        (' "sad', {' "sad': 0.6, ' "happy': 0.3, " sad": 0.1}), ('",', {'",': 1.0}),
        (' "valence":', {' "valence":': 1.0}), (" ", {" ": 1.0}), ("3", {"3": 0.7, "4": 0.3}), ("}", {"}": 1.0}),
    )  # fmt: skip
    found = chances(choice, EMOTION, VALENCE, form="json")
    assert mass(found["emotion"]) == {"sad": 0.6, "happy": 0.3}
    assert mass(found["valence"]) == {"3": 0.7, "4": 0.3}


def test_an_answer_that_could_not_be_read_has_a_beginning() -> None:
    """What might have been said instead is known; what was said is known to be none of the answers."""
    choice = said(("f", {"f": 0.6, "sad": 0.3}), ("unny", {"unny": 1.0}))
    assert mass(chances(choice, EMOTION)["emotion"]) == {"sad": 0.3}


@pytest.mark.parametrize("content", [None, [], [{"token": "7"}], "none", [{"token": "8", "logprob": -0.1}]])
def test_log_probabilities_that_cannot_be_used_are_left_out(content: Sequence[Any] | str | None) -> None:
    """None, in another form, or of another text than the answer's: nothing is claimed, the answer stays."""
    choice = Choice.model_validate({"message": {"content": "7"}, "logprobs": {"content": content}})
    assert spoken(choice.tokens, "7", reasoned=False) is None


def test_infinite_and_missing_numbers_are_no_probability() -> None:
    """-inf is 0; nothing becomes NaN."""
    content = [{"token": "7", "logprob": -0.1, "top_logprobs": [{"token": "8", "logprob": float("-inf")}]}]
    choice = Choice.model_validate({"message": {"content": "7"}, "logprobs": {"content": content}})
    assert mass(chances(choice, VALENCE)["valence"]) == {"7": math.exp(-0.1)}


def test_the_answer_is_found_behind_the_reasoning() -> None:
    """Reasoning that speaks of sad does not take the place of the answer, and its tokens are counted."""
    thought = [(text, {text: 1.0}) for text in ("<think>", "sad", "?", "</think>", "\n\n")]
    choice = said(*thought, ("sad", {"sad": 0.6, "happy": 0.4}))
    found = spoken(choice.tokens, "sad", reasoned=True)
    assert found is not None
    assert found.before == 5
    question = Question("?", (EMOTION,))
    chance = option_probabilities(found, "sad", question, read_answers("sad", (EMOTION,)))["emotion"]
    assert mass(chance) == {"sad": 0.6, "happy": 0.4}


def test_letters_of_several_bytes_keep_their_place() -> None:
    """Spans are counted in characters, tokens in bytes."""
    item = Item("stimmung", Labels(("fröhlich", "traurig")))
    choice = said(
        ("„", {"„": 1.0}), ("fröh", {"fröh": 0.7, "traurig": 0.2}), ("lich", {"lich": 0.9}), ("“", {"“": 1.0})
    )
    assert mass(chances(choice, item)["stimmung"]) == {"fröhlich": pytest.approx(0.63), "traurig": 0.2}


DIGITS = tuple("123456789")


@given(
    first=st.lists(st.floats(0.01, 1.0), min_size=11, max_size=11),
    after_one=st.lists(st.floats(0.01, 1.0), min_size=3, max_size=3),
    whole_ten=st.booleans(),
    said_first=st.sampled_from(DIGITS),
    said_next=st.sampled_from(("0", "<end>")),
    named=st.integers(1, 11),
)
def test_no_more_is_claimed_than_is_true(
    first: list[float], after_one: list[float], whole_ten: bool, said_first: str, said_next: str, named: int
) -> None:
    """A speaker whose probabilities are known whole, on a scale to 10, spoken in digits or with a token for 10: what
    is claimed of any answer from the likeliest tokens never exceeds its probability."""
    start = dict(zip((*DIGITS, "10", "good"), first, strict=True))
    if not whole_ten:
        start["10"] = 0.0
    start = {text: p / sum(start.values()) for text, p in start.items() if p}
    goes_on = {"0": 0.0 if whole_ten else after_one[0], "<end>": after_one[1], "5": after_one[2]}
    goes_on = {text: p / sum(goes_on.values()) for text, p in goes_on.items()}
    true = {digit: start[digit] * (goes_on["<end>"] if digit == "1" else 1.0) for digit in DIGITS}
    true["10"] = start.get("10", 0.0) + start["1"] * goes_on["0"]
    if whole_ten:  # then 1 is a number of its own wherever 10 is named beside it
        true["1"] = start["1"]
        said_next = "<end>"
    likeliest = dict(sorted(start.items(), key=lambda pair: -pair[1])[:named]) | {said_first: start[said_first]}
    then = {text: p for text, p in goes_on.items() if p} if said_first == "1" else {"<end>": 1.0}
    places = [(said_first, likeliest), (said_next if said_first == "1" else "<end>", then)]
    chance = chances(said(*places), TO_TEN)["valence"]
    for answer, probability in chance.probabilities.items():
        assert probability * chance.valid_mass <= true[answer] + 1e-9
    assert set(chance.unlisted) == {answer for answer, p in chance.probabilities.items() if p == 0}
