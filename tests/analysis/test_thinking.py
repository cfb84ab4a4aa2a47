"""What thinking changes, how long it takes, and whether it takes as long as people take: planted and found again."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from vlmrate.analysis import AnalysisOptions, analyze
from vlmrate.analysis.asked import ALL
from vlmrate.analysis.data import gather
from vlmrate.analysis.thinking import NO_PAIR, NOBODY_THOUGHT, Thinking, thinking
from vlmrate.analysis.thinking_pairs import same_but_for_thinking
from vlmrate.analysis.thinking_traces import NEVER, NO_TIMES, WITHIN
from vlmrate.inference.table import Results, RunOutcome
from vlmrate.report.jsonfile import as_json
from vlmrate.report.jsonreader import from_json
from vlmrate.report.left_out import left_out
from vlmrate.report.table import Part
from vlmrate.report.tables.thinking import thinking_tables
from vlmrate.stats import Bootstrap, Estimate, Share, Skipped, TestResult
from vlmrate.study.records import Factors

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vlmrate.study.records import Study

QUICK = AnalysisOptions(bootstrap=Bootstrap(resamples=400))
ON = {"kind": "mlx", "model_digest": "abc", "temperature": 0.0, "thinking": "on", "thinking_tokens": 100}
OFF = ON | {"thinking": "off", "thinking_tokens": 0}
WRONG_SAD = 24


@pytest.fixture
def rated(small) -> Study:
    """Thirty identities in six emotions, all rated by six people."""
    study = small.study(30)
    return replace(study, ratings=small.people(study))


def told(study: Study, small, raters: Sequence[list[dict[str, object]]], *settings: Mapping[str, object]) -> Thinking:
    """What the analysis says of thinking, of raters with these settings."""
    found = thinking(gather(study, with_settings(small, raters, *settings), QUICK))
    assert isinstance(found, Thinking)
    return found


def with_settings(small, raters: Sequence[list[dict[str, object]]], *settings: Mapping[str, object]) -> Results:
    """Results of raters, each with its settings."""
    results = small.results(*raters)
    runs = tuple(replace(run, settings=dict(own)) for run, own in zip(results.runs, settings, strict=True))
    return Results(results.ratings, runs)


def thought(rows: list[dict[str, object]], tokens: Mapping[str, float] | float) -> list[dict[str, object]]:
    """Rows with the tokens of an image in its first prompt and none in the two others."""
    steps = {"emotion": 1, "valence": 2, "arousal": 3}
    own = tokens if isinstance(tokens, dict) else dict.fromkeys((row["image_id"] for row in rows), tokens)
    return [
        row | {"step": steps[row["item"]], "reasoning_tokens": own[row["image_id"]] if row["item"] == "emotion" else 0}
        for row in rows
    ]


def wrong(rows: list[dict[str, object]], emotion: str, n: int) -> list[dict[str, object]]:
    """Rows with the label of the first n images of an emotion taken for neutral."""
    ids = [row["image_id"] for row in rows if row["item"] == "emotion" and row["value"] == emotion][:n]
    return [row | {"value": "neutral"} if row["image_id"] in ids and row["item"] == "emotion" else row for row in rows]


def test_thinking_that_mends_sad_images_is_found_in_sad_alone(small, rated) -> None:
    """24 of 30 sad images right with thinking only: the exact p and the difference there, nothing in other emotions."""
    on = thought(small.rater(rated, "on"), 50)
    off = thought(wrong(small.rater(rated, "off"), "sad", WRONG_SAD), 0)
    (pair,) = told(rated, small, [off, on], OFF, ON).pairs
    assert (pair.first, pair.second) == ("on", "off")
    (effects,) = pair.labels
    by_level = {effect.level: effect for effect in effects.levels}
    sad = by_level["sad"]
    assert (sad.only_first, sad.only_second) == (WRONG_SAD, 0)
    assert (sad.first, sad.second) == (Share(30, 30, "images"), Share(6, 30, "images"))
    assert isinstance(sad.test, TestResult)
    assert sad.test.p_value == pytest.approx(2 / 2**WRONG_SAD)
    assert sad.holm.p_adjusted < 0.001
    assert sad.difference.value == pytest.approx(WRONG_SAD / 30)
    assert sad.difference.ci_low > 0
    assert by_level[ALL].difference.value == pytest.approx(WRONG_SAD / 180)
    assert effects.family_size == 1
    others = [effect for level, effect in by_level.items() if level not in ("sad", ALL)]
    assert len(others) == 5
    assert all(isinstance(effect.test, Skipped) and effect.difference.value == 0 for effect in others)


def test_holm_corrects_over_the_emotions_that_have_a_test(small, rated) -> None:
    """A few images mended in four emotions, most of sad: only sad holds, and the five tests made are corrected."""
    on, off = small.rater(rated, "on"), wrong(small.rater(rated, "off"), "sad", 12)
    for emotion in ("happy", "angry", "fear", "disgust"):
        on, off = wrong(on, emotion, 1), wrong(off, emotion, 3)
    (pair,) = told(rated, small, [thought(on, 9), thought(off, 0)], ON, OFF).pairs
    (effects,) = pair.labels
    assert effects.family_size == 5
    held = [e.level for e in effects.levels if not isinstance(e.holm, Skipped) and e.holm.p_adjusted < 0.05]
    assert held == ["sad"]


def test_equal_raters_show_no_effect_of_thinking(small, rated) -> None:
    """Numbers of the same quality: no difference in accuracy, and intervals of those in r and MAE hold 0."""
    on, off = small.rater(rated, "on", seed=1), small.rater(rated, "off", seed=2)
    (pair,) = told(rated, small, [thought(on, 9), thought(off, 0)], ON, OFF).pairs
    assert all(effect.difference.value == 0 for effect in pair.labels[0].levels)
    assert [scale.item for scale in pair.scales] == ["valence", "arousal"]
    for scale in pair.scales:
        assert scale.n == 180
        assert scale.r.ci_low <= 0 <= scale.r.ci_high
        assert scale.mae.ci_low <= 0 <= scale.mae.ci_high


def test_thinking_that_makes_numbers_better_is_found_in_them(small, rated) -> None:
    """Less noise with thinking: a higher r and a smaller MAE, first minus second."""
    on, off = small.rater(rated, "on", noise=0.1), small.rater(rated, "off", noise=2.5, seed=2)
    (pair,) = told(rated, small, [thought(on, 9), thought(off, 0)], ON, OFF).pairs
    assert all(scale.r.ci_low > 0 and scale.mae.ci_high < 0 for scale in pair.scales)


def run(settings: Mapping[str, object], protocol: str = "context-carry") -> RunOutcome:
    """A run with settings."""
    return RunOutcome("m", protocol, 1, 1, 0, 0, dict(settings))


SERVER = {"kind": "server", "url": "http://127.0.0.1:8000/v1", "model": "m", "thinking": "on", "max_tokens": 900}


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        (ON, OFF, True),
        (ON, ON, False),
        (ON, ON | {"thinking_tokens": 50}, True),
        (ON | {"thinking_how": "one"}, OFF | {"thinking_how": "another", "thinking_cap": 1024}, True),
        (ON | {"family": "F", "model": "a"}, OFF | {"family": "f", "model": "b"}, True),
        (ON, OFF | {"model_digest": "xyz"}, False),
        (ON, OFF | {"temperature": 0.7}, False),
        (SERVER, SERVER | {"thinking": "off", "max_tokens": 16}, True),
        (SERVER, SERVER | {"thinking": "default"}, True),
        (SERVER | {"reasoning_effort": "low"}, SERVER | {"reasoning_effort": "high"}, True),
        (SERVER, SERVER | {"thinking": "off", "model": "n"}, False),
        (SERVER, SERVER | {"thinking": "off", "url": "http://127.0.0.1:9000/v1"}, False),
        ({"thinking": "on"}, {"thinking": "off"}, False),
    ],
)
def test_runs_are_paired_where_thinking_alone_differs(first, second, same: bool) -> None:
    """One digest, or one name at one address, and all else equal but for what may be said in all."""
    assert same_but_for_thinking(run(first), run(second)) is same
    assert not same_but_for_thinking(run(first), run(second, "single-shot"))


def test_lengths_are_summed_over_prompts_and_told_by_emotion(small, rated) -> None:
    """Three prompts an image, two repeats: sums over prompts, means over repeats; spent budgets are counted."""
    rows = small.rater(rated, "on")
    rows = [row | {"step": 1 + (row["item"] == "arousal"), "reasoning_tokens": 10} for row in rows]
    sad = [row | {"reasoning_tokens": 100} if row["image_id"].endswith("sad") else row for row in rows]
    again = [row | {"repeat": 2, "reasoning_tokens": 0} for row in rows]
    (rater,) = told(rated, small, [[*sad, *again]], ON).raters
    lengths = {length.level: length for length in rater.lengths}
    # Emotion and valence are answered to one prompt, arousal to a second: two prompts of 10, or of 100.
    assert lengths["happy"].mean.value == lengths["happy"].median == 10
    assert lengths["sad"].mean.value == 100
    assert lengths["sad"].spent == Share(60, 120, "prompts")
    assert lengths["happy"].spent == Share(0, 120, "prompts")
    assert lengths[ALL].mean.value == pytest.approx((5 * 10 + 100) / 6)
    assert lengths[ALL].mean.ci_low <= lengths[ALL].mean.value <= lengths[ALL].mean.ci_high
    assert lengths[ALL].reasoned == Share(180, 180, "images")
    assert (rater.thinking, rater.budget) == ("on", 100)


def test_thoughts_that_remain_where_thinking_is_off_are_told(small, rated) -> None:
    """Off, yet 40 of 180 images with reasoning: they are counted beside the setting, and no budget was spent."""
    ids = [stimulus.image_id for stimulus in rated.stimuli]
    rows = thought(small.rater(rated, "off"), {image: 7.0 * (n < 40) for n, image in enumerate(ids)})
    found = told(rated, small, [rows], OFF)
    (rater,) = found.raters
    assert (rater.thinking, rater.budget) == ("off", None)
    assert rater.lengths[0].reasoned == Share(40, 180, "images")
    assert rater.lengths[0].spent is None
    assert (rater.times, found.pairs) == (NO_TIMES, NO_PAIR)


def test_an_image_with_a_prompt_of_unknown_length_is_left_out(small, rated) -> None:
    """A sum of which a part is missing is no length; prompts never asked have none to miss."""
    rows = thought(small.rater(rated, "on"), 10)
    rows[0]["reasoning_tokens"] = None
    rows[5] |= {"route": "unasked", "value": None, "reasoning_tokens": None, "step": 2}
    (rater,) = told(rated, small, [rows], ON).raters
    assert rater.lengths[0].reasoned.denominator == 179


def test_where_nobody_thinks_the_reason_is_told(small, rated) -> None:
    """No rater reasoned: the question is skipped and the report says so; beside one that did, a rater may never."""
    plain = thought(small.rater(rated, "plain"), 0)
    results = with_settings(small, [plain], OFF)
    analysis = analyze(rated, results, QUICK)
    assert analysis.thinking == NOBODY_THOUGHT
    assert "Thinking: no rater reasoned before it answered." in left_out(analysis, Part.COMPARISON, ())
    first, second = told(rated, small, [thought(small.rater(rated, "on"), 5), plain], ON, OFF | {"model": "x"}).raters
    assert (first.rater, second.rater, second.times) == ("on", "plain", NEVER)
    assert [length.level for length in second.lengths] == [ALL]


def timed(study: Study, rng: np.random.Generator, *, shift: Mapping[str, float]) -> tuple[Study, dict[str, float]]:
    """A study whose people take log-normal times, almost alike for each image, and the logs of each image.

    `shift` moves the images of an emotion.
    """
    logs = {s.image_id: rng.normal() + shift.get(s.factors["emotion"], 0.0) for s in study.stimuli}
    table = study.ratings.table.copy()
    noise = rng.normal(0, 0.01, len(table))
    table["seconds"] = np.exp(table["image_id"].map(logs).astype(float) + noise)
    return replace(study, ratings=replace(study.ratings, table=table, response_time="seconds")), logs


def traces(logs: Mapping[str, float], r: float, rng: np.random.Generator) -> dict[str, float]:
    """Lengths that go with the logs by a Pearson r in the normal scores before they are made log-normal."""
    return {
        image: float(round(math.exp(5 + 0.5 * (r * log + math.sqrt(1 - r**2) * rng.normal()))))
        for image, log in logs.items()
    }


@pytest.mark.parametrize("r", [0.7, 0.0])
def test_a_planted_relation_with_response_times_is_recovered(small, r: float) -> None:
    """The interval covers the planted rho = 6/π asin(r/2), over all images and within emotions; at 0 it covers 0."""
    rng = np.random.default_rng(8)
    study = small.study(60)
    study, logs = timed(replace(study, ratings=small.people(study)), rng, shift={})
    rows = thought(small.rater(study, "on"), traces(logs, r, rng))
    (rater,) = told(study, small, [rows], ON).raters
    rho = {relation.level: relation.rho for relation in rater.times}
    planted = 6 / math.pi * math.asin(r / 2)
    assert list(rho) == [ALL, WITHIN, "happy", "sad", "angry", "fear", "disgust", "neutral"]
    for level in (ALL, WITHIN):
        assert isinstance(rho[level], Estimate)
        assert rho[level].n == 360
        assert rho[level].ci_low <= planted <= rho[level].ci_high
        assert rho[level].ci_high - rho[level].ci_low < 0.25
    assert sum(e.ci_low <= planted <= e.ci_high for level, e in rho.items() if level not in (ALL, WITHIN)) >= 5


def test_a_relation_of_emotions_alone_is_none_within_them(small) -> None:
    """Sad images take people and the rater longer, and nothing else does: rho over all images, none within."""
    rng = np.random.default_rng(9)
    study = small.study(40)
    study, logs = timed(replace(study, ratings=small.people(study)), rng, shift={"sad": 4.0})
    sad = {s.image_id for s in study.stimuli if s.factors["emotion"] == "sad"}
    lengths = {image: rng.normal(100, 10) + 60 * (image in sad) for image in logs}
    (rater,) = told(study, small, [thought(small.rater(study, "on"), lengths)], ON).raters
    rho = {relation.level: relation.rho for relation in rater.times}
    assert rho[ALL].ci_low > 0.2
    assert rho[WITHIN].ci_low <= 0 <= rho[WITHIN].ci_high


def test_the_tables_show_it_all(small) -> None:
    """Lengths, labels, scales and times have a table each; what analysis.json keeps of it is read back the same."""
    study = small.study(6, factors=Factors("emotion", "identity"))
    study, logs = timed(replace(study, ratings=small.people(study)), np.random.default_rng(1), shift={})
    on, off = small.rater(study, "on"), wrong(small.rater(study, "off"), "sad", 4)
    lengths = traces(logs, 0.5, np.random.default_rng(2))
    analysis = analyze(study, with_settings(small, [thought(on, lengths), thought(off, 0)], ON, OFF), QUICK)
    made = {table.id: table for table in thinking_tables(analysis)}
    assert list(made) == ["thinking-length", "thinking-emotion", "thinking-scales", "thinking-times"]
    assert [row[1] for row in made["thinking-emotion"].rows][:3] == [ALL, "happy", "sad"]
    assert made["thinking-emotion"].rows[2][2:6] == (Share(6, 6, "images"), Share(2, 6, "images"), 4, 0)
    assert [row[:2] for row in made["thinking-scales"].rows] == [("on − off", "valence"), ("on − off", "arousal")]
    assert len(made["thinking-times"].rows) == 8
    assert all(len(row) == len(table.columns) for table in made.values() for row in table.rows)
    assert from_json(as_json(analysis.thinking), Thinking) == analysis.thinking
