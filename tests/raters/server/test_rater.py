"""What is sent with each question, what is kept of each answer, and what a run costs."""

from __future__ import annotations

import base64
import io
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from raters.server.faultserver import serving
from vlmrate.errors import ImageError, RunStoppedError
from vlmrate.inference.runner import run
from vlmrate.protocol.records import Question
from vlmrate.raters.model import Request
from vlmrate.study.records import Item, Labels

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vlmrate.inference.job import Job
    from vlmrate.raters.server.rater import ServerRater
    from vlmrate.study.records import Study

QUESTION = Question("Choose one from: happy, sad.", (Item("emotion", Labels(("happy", "sad"))),))
PRICES = {"input": 10.0, "output": 100.0}
PER_STEP = (100 * 10.0 + 2 * 100.0) / 1e6


def picture_of(body: dict[str, Any]) -> tuple[str, Image.Image]:
    """The picture as the server got it."""
    uri = body["messages"][-1]["content"][0]["image_url"]["url"]
    head, _, content = uri.partition(";base64,")
    return head, Image.open(io.BytesIO(base64.b64decode(content)))


def test_a_request_holds_the_picture_then_the_words_and_nothing_more(
    rater: Callable[..., ServerRater], study: Study
) -> None:
    """One user turn; greedy; the picture arrives as it is on the disk, pixel for pixel."""
    with serving() as (url, script):
        rater(url, extra={"top_p": 1}).view(study.stimuli[1].path, 7).ask(QUESTION)
    (body,) = script.bodies
    assert set(body) == {"model", "messages", "max_tokens", "temperature", "seed", "logprobs", "top_logprobs", "top_p"}
    assert (body["temperature"], body["max_tokens"], body["seed"], body["top_logprobs"]) == (0.0, 16, 8, 20)
    ((turn),) = body["messages"]
    assert [part["type"] for part in turn["content"]] == ["image_url", "text"]
    assert turn["content"][1]["text"] == QUESTION.prompt
    head, sent = picture_of(body)
    assert head == "data:image/png"
    assert np.array_equal(np.asarray(sent), np.asarray(Image.open(study.stimuli[1].path)))


def test_what_is_not_to_be_sent_is_not_sent(rater: Callable[..., ServerRater], study: Study) -> None:
    """Some servers refuse fields that they do not know."""
    with serving() as (url, script):
        made = rater(url, temperature=None, send_seed=False, top_logprobs=0, max_tokens_field="max_completion_tokens")
        made.view(study.stimuli[0].path, 7).ask(replace(QUESTION, answer="json"))
    assert set(script.bodies[0]) == {"model", "messages", "max_completion_tokens"}
    assert script.bodies[0]["max_completion_tokens"] == 96


def test_pictures_are_sent_as_the_entry_says(rater: Callable[..., ServerRater], tmp_path: Path) -> None:
    """Smaller, as JPEG, with a detail; or the file's own bytes."""
    file = tmp_path / "wide.jpg"
    Image.new("RGB", (400, 200), (10, 90, 200)).save(file)
    with serving() as (url, script):
        small = rater(url, picture={"detail": "low", "format": "jpeg", "max_side": 100})
        small.view(file, 1).ask(QUESTION)
        rater(url, picture={"format": "as is"}).view(file, 1).ask(QUESTION)
    head, sent = picture_of(script.bodies[0])
    assert (head, sent.size) == ("data:image/jpeg", (100, 50))
    assert script.bodies[0]["messages"][0]["content"][0]["image_url"]["detail"] == "low"
    uri = script.bodies[1]["messages"][0]["content"][0]["image_url"]["url"]
    assert base64.b64decode(uri.partition(",")[2]) == file.read_bytes()


def test_a_picture_that_cannot_be_sent_is_told(rater: Callable[..., ServerRater], tmp_path: Path) -> None:
    """A damaged one, and a format that servers do not read."""
    (tmp_path / "broken.png").write_bytes(b"\x89PNG nothing")
    Image.new("RGB", (4, 4)).save(tmp_path / "old.bmp")
    with serving() as (url, script):
        with pytest.raises(ImageError, match=r"broken\.png"):
            rater(url).view(tmp_path / "broken.png", 1)
        with pytest.raises(ImageError, match=r"old\.bmp: cannot be sent as it is"):
            rater(url, picture={"format": "as is"}).view(tmp_path / "old.bmp", 1)
    assert script.asked == 0


def test_every_image_step_and_repeat_has_a_seed_of_its_own(
    rater: Callable[..., ServerRater], job: Callable[..., Job]
) -> None:
    """Thirty-six questions, thirty-six seeds of 31 bits, the same in the next run."""
    seeds = []
    for name in ("first", "second"):
        with serving() as (url, script):
            run(job(rater(url, parallel=1), name=name, repeats=2))
        seeds.append([body["seed"] for body in script.bodies])
    assert seeds[0] == seeds[1]
    assert len(set(seeds[0])) == 36
    assert all(0 <= seed < 2**31 for seed in seeds[0])


def test_images_go_side_by_side_and_steps_in_order(rater: Callable[..., ServerRater], job: Callable[..., Job]) -> None:
    """Four at once and no more; each image's prompts carry its earlier answers."""
    with serving(delay=0.02) as (url, script):
        made = job(rater(url, parallel=4))
        run(made)
    assert script.most_in_flight == 4
    for _, rating in made.store.rating_files():
        emotion, valence = (step.answers[0].value for step in rating.steps[:2])
        assert f"as {emotion} with pleasantness {valence} " in rating.steps[2].prompt


@pytest.mark.parametrize(("message", "text", "reasoning"), [
    ({"content": "sad", "reasoning_content": "tears"}, "sad", "tears"),
    ({"content": "sad", "reasoning": "tears"}, "sad", "tears"),
    ({"content": "<think>tears</think>\n\nsad"}, "sad", "tears"),
    ({"content": [{"type": "text", "text": "sad"}]}, "sad", None),
    ({"content": "sad", "reasoning": None, "reasoning_content": ""}, "sad", None),
])  # fmt: skip
def test_reasoning_is_kept_apart_wherever_it_comes(
    message: dict[str, Any], text: str, reasoning: str | None, rater: Callable[..., ServerRater], study: Study
) -> None:
    """In either field or in marks; the answer is free of it."""
    with serving(extra={"message": message}) as (url, _):
        reply = rater(url).view(study.stimuli[0].path, 1).ask(QUESTION)
    assert (reply.text, reply.reasoning, reply.reasoning_tokens) == (text, reasoning, None)


def test_tokens_and_cost_are_summed(rater: Callable[..., ServerRater], job: Callable[..., Job]) -> None:
    """A run's cost is prices times tokens, in every rating, the manifest and the end."""
    with serving() as (url, _):
        made = job(rater(url, prices=PRICES))
        finished = run(made)
    spent = finished.progress.spent
    assert (spent.attempts, spent.prompt_tokens, spent.answer_tokens) == (18, 1800, 36)
    assert spent.cost == pytest.approx(18 * PER_STEP)
    assert sum(step.cost or 0 for _, rating in made.store.rating_files() for step in rating.steps) == pytest.approx(
        spent.cost
    )


def test_max_cost_stops_before_it_is_exceeded_and_the_run_goes_on_later(
    rater: Callable[..., ServerRater], job: Callable[..., Job]
) -> None:
    """Money for two images and a half rates two; the rest comes with more money."""
    with serving() as (url, script):
        with pytest.raises(RunStoppedError, match=r"allowed \(--max-cost\); 2 were rated and are kept, 4 are left"):
            run(job(rater(url, prices=PRICES), max_cost=7.5 * PER_STEP))
        assert script.asked == 6
        assert run(job(rater(url, prices=PRICES), max_cost=100.0)).progress.rated == 4
    assert script.asked == 18


def test_a_limit_on_cost_needs_a_server_that_counts(
    rater: Callable[..., ServerRater], job: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no tokens are told the cost is not known, and the run stops after one image rather than spend blindly."""
    monkeypatch.setattr("raters.server.faultserver.USAGE", None)
    words = "server does not tell what its answers use"
    with serving() as (url, script), pytest.raises(RunStoppedError, match=words):
        run(job(rater(url, prices=PRICES), max_cost=100.0))
    assert script.asked == 3


def test_what_failed_attempts_used_is_paid_too(rater: Callable[..., ServerRater], job: Callable[..., Job]) -> None:
    """Empty answers are charged for; an image that fails in the end still shows what was spent on it."""
    faults = ["empty", "empty", *["500"] * 4]
    with serving(faults) as (url, script):
        made = job(rater(url, parallel=1, prices=PRICES))
        finished = run(made)
    (failure,) = made.store.failures()
    assert (failure.attempts, failure.cost) == (6, pytest.approx(2 * PER_STEP))
    assert finished.progress.spent.attempts == script.asked == 6 + 15
    assert finished.progress.spent.cost == pytest.approx((2 + 15) * PER_STEP)


def test_temperatures_share_one_connection_pool(study: Study) -> None:
    """Raters made together hold back together."""
    from vlmrate.raters.registry import find_model

    with serving() as (url, _):
        cool, warm = find_model("openai:m").make([Request(url=url, temperature=t) for t in (0.0, 0.7)])
    assert (cool.settings["temperature"], warm.settings["temperature"]) == (0.0, 0.7)
    assert cool._client is warm._client


def test_what_was_sent_is_identified(rater: Callable[..., ServerRater], study: Study) -> None:
    """The digest is of the very bytes of the body, which hold no key."""
    with serving() as (url, script):
        made = rater(url, key="sk-123456789")
        first, again = (made.view(study.stimuli[0].path, 7).ask(QUESTION) for _ in range(2))
        other = made.view(study.stimuli[1].path, 7).ask(QUESTION)
    assert first.sent_sha256 == again.sent_sha256 != other.sent_sha256
    assert "sk-123456789" not in json.dumps(script.bodies)
