"""A run against a server that does everything wrong ends as one against a server that does nothing wrong."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import pytest

from raters.server.conftest import QUICK
from raters.server.faultserver import Script, serving
from vlmrate.errors import AskError
from vlmrate.inference.runner import run
from vlmrate.protocol.records import Question
from vlmrate.raters.server.client import Patience
from vlmrate.raters.server.faults import LONGEST_ASKED_WAIT, fault_of, waiting
from vlmrate.study.records import Item, Labels

if TYPE_CHECKING:
    from collections.abc import Callable

    from vlmrate.inference.job import Job
    from vlmrate.raters.server.rater import ServerRater
    from vlmrate.study.records import Study

QUESTION = Question("Choose one from: happy, sad.", (Item("emotion", Labels(("happy", "sad"))),))
TRANSIENT = (
    "429", "wait_a_little", "500", "503", "408", "409", "slow", "dripping", "cut", "half", "half_json", "empty",
    "null", "no_choices", "html", "huge",
)  # fmt: skip


def ask(rater: ServerRater, study: Study, image: int = 0) -> Any:
    """The answer to one question."""
    return rater.view(study.stimuli[image].path, 7).ask(QUESTION)


def ratings(job: Job) -> list[dict[str, Any]]:
    """What is stored, without what may differ between two runs: times, attempts, and who made it."""
    found = []
    for _, rating in job.store.rating_files():
        record = rating.model_dump(exclude={"run", "rater", "made_with"})
        for step in record["steps"]:
            del step["seconds"], step["attempts"]
        found.append(record)
    return found


@pytest.mark.parametrize("fault", TRANSIENT)
def test_a_fault_that_passes_costs_one_attempt(fault: str, rater: Callable[..., ServerRater], study: Study) -> None:
    """Each fault alone: the second attempt's answer is the one kept, and two attempts are on record."""
    with serving() as (url, _):
        expected = ask(rater(url), study)
    with serving([fault]) as (url, script):
        reply = ask(rater(url), study)
    assert (reply.text, reply.finish, reply.attempts, script.asked) == (expected.text, "stop", 2, 2)


def test_every_fault_in_one_run_and_the_end_is_the_same(
    rater: Callable[..., ServerRater], job: Callable[..., Job]
) -> None:
    """All faults one after another while four pictures are in hand: the same ratings as without faults, and the
    server's own count of questions is the sum of attempts on record."""
    with serving() as (url, _):
        smooth = job(rater(url), name="smooth")
        run(smooth)
    faults = [fault for pair in zip(TRANSIENT, [None] * len(TRANSIENT), strict=True) for fault in pair]
    with serving(faults) as (url, script):
        rough = job(rater(url), name="rough")
        finished = run(rough)
    assert (finished.status, finished.progress.rated, finished.progress.failed) == ("finished", 6, 0)
    assert ratings(rough) == ratings(smooth)
    assert script.asked == 6 * 3 + len(TRANSIENT)
    on_record = sum(step.attempts for _, rating in rough.store.rating_files() for step in rating.steps)
    manifest = rough.store.manifest()
    assert manifest is not None
    assert on_record == manifest.runs[-1].attempts == script.asked


def test_a_server_that_dies_half_way_and_comes_back(rater: Callable[..., ServerRater], job: Callable[..., Job]) -> None:
    """What was stored stays; what failed while it was away is listed and rated by the same command later; nothing is
    asked twice that was answered, and failed attempts that reached nobody are on record too."""
    script = Script(delay=0.02)
    with serving(script=script) as (url, _):
        port = int(url.rpartition(":")[2].partition("/")[0])
        made = job(rater(url, parallel=1, patience=Patience(2, 0.5, 0.01, 0.02, 0.0)))
        stopper = threading.Event()

        def after_two(progress: Any) -> None:
            if progress.rated == 2 and not stopper.is_set():
                stopper.set()
                script.always = "cut"

        first = run(made, report=after_two)
    assert (first.progress.rated, first.progress.failed) == (2, 4)
    kept = {file.name: file.read_bytes() for file, _ in made.store.rating_files()}
    asked = script.asked
    manifest = made.store.manifest()
    assert manifest is not None
    assert manifest.runs[-1].attempts == asked == 2 * 3 + 4 * 2
    assert [failure.attempts for failure in made.store.failures()] == [2, 2, 2, 2]
    with serving(port=port) as (_, back):
        second = run(made)
    assert (second.status, second.progress.rated, second.progress.already_rated) == ("finished", 4, 2)
    assert back.asked == 4 * 3
    assert all((made.store.ratings_folder / name).read_bytes() == content for name, content in kept.items())


def test_a_server_that_is_away_for_a_moment_costs_nothing_but_time(
    rater: Callable[..., ServerRater], job: Callable[..., Job]
) -> None:
    """The server ends in the middle and another starts at its address: the run outlasts it."""
    script = Script(delay=0.01)
    patience = Patience(attempts=12, timeout=0.6, first_wait=0.05, longest_wait=0.2, jitter=0.02)
    finished: list[Any] = []
    with serving(script=script) as (url, _):
        port = int(url.rpartition(":")[2].partition("/")[0])
        made = job(rater(url, parallel=2, patience=patience))
        thread = threading.Thread(target=lambda: finished.append(run(made)), daemon=True)
        thread.start()
        while script.asked < 7:
            time.sleep(0.005)
        script.always = "cut"
    script.always = None
    time.sleep(0.2)
    with serving(port=port, script=script):
        thread.join(30)
    assert [(end.status, end.progress.rated, end.progress.failed) for end in finished] == [("finished", 6, 0)]


@pytest.mark.parametrize(("fault", "words"), [("bad_request", "400: this model takes no images"), ("404", "fault 404"),
                                              ("501", "fault 501"), ("quota", "no money left")])  # fmt: skip
def test_what_will_not_pass_is_not_tried_again(
    fault: str, words: str, rater: Callable[..., ServerRater], study: Study
) -> None:
    """One attempt, and the server's own words in one sentence."""
    with serving(always=fault) as (url, script), pytest.raises(AskError, match=words) as failed:
        ask(rater(url), study)
    assert (script.asked, failed.value.attempts) == (1, 1)


def test_attempts_have_an_end(rater: Callable[..., ServerRater], study: Study) -> None:
    """Six attempts and no more, and the message says so."""
    with serving(always="500") as (url, script), pytest.raises(AskError, match=r"fault 500 \(attempt 6 of 6\)") as fail:
        ask(rater(url), study)
    assert (script.asked, fail.value.attempts) == (6, 6)


def test_an_empty_answer_is_kept_after_the_third(rater: Callable[..., ServerRater], study: Study) -> None:
    """A model that will say nothing is on record as having said nothing; the usage of all three is paid."""
    with serving(always="empty") as (url, script):
        reply = ask(rater(url, prices={"input": 1.0, "output": 10.0}), study)
    assert (reply.text, reply.attempts, script.asked) == ("", 3, 3)
    assert reply.cost == pytest.approx(3 * (100 * 1.0 + 2 * 10.0) / 1e6)


@pytest.mark.parametrize(("fault", "text", "finish"), [
    ("refusal", "I can't judge people by their faces.", "stop"),
    ("filtered", "", "content_filter"),
    ("filtered_400", "the server answered 400: the picture was filtered", "content_filter"),
])  # fmt: skip
def test_a_refusal_is_an_answer(
    fault: str, text: str, finish: str, rater: Callable[..., ServerRater], study: Study
) -> None:
    """Declining is kept as declining and not asked again."""
    with serving(always=fault) as (url, script):
        reply = ask(rater(url), study)
    assert (reply.refused, reply.text, reply.finish, script.asked) == (True, text, finish, 1)


def test_refusals_are_a_route_of_their_own(rater: Callable[..., ServerRater], job: Callable[..., Job]) -> None:
    """They are stored, counted as unread, and told apart from what could not be read."""
    with serving(always="refusal") as (url, _):
        made = job(rater(url))
        finished = run(made)
    assert finished.progress.invalid_answers == 18
    routes = {answer.route for _, rating in made.store.rating_files() for s in rating.steps for answer in s.answers}
    assert routes == {"refused"}


def test_the_server_says_how_long_to_wait(rater: Callable[..., ServerRater], study: Study) -> None:
    """Retry-After is kept to, also beyond the longest wait of our own."""
    with serving(["wait_a_little"]) as (url, script):
        ask(rater(url), study)
    assert QUICK.longest_wait < 0.2 <= script.times[1] - script.times[0] < 1.0


def test_retry_after_as_a_date_and_its_upper_bound() -> None:
    """A date counts from now; a day is not waited for; nonsense and the past are no word on waiting."""
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    assert 28 < (waiting(date) or 0) < 32
    assert LONGEST_ASKED_WAIT <= (waiting("86400") or 0) <= LONGEST_ASKED_WAIT + 1
    assert waiting("soon") is None
    assert waiting("-5") is None
    assert waiting("nan") is None
    assert waiting(None) is None
    assert waiting("Wed, 21 Oct 2015 07:28:00 GMT") == 0.0


@pytest.mark.parametrize(("body", "words"), [
    ('[{"error": {"code": 400, "message": "Unknown name", "status": "INVALID_ARGUMENT"}}]', "400: Unknown name"),
    ('{"error": "model not found"}', "400: model not found"),
    ('{"detail": [{"loc": ["body"], "msg": "wrong"}]}', "wrong"),
    ("plain\nwords", "400: plain words"),
    ("", "the server answered 400"),
    ("[]", "400: "),
    ("null", "400: "),
])  # fmt: skip
def test_servers_word_their_errors_in_many_ways(body: str, words: str) -> None:
    """Google's list, Ollama's text, FastAPI's detail, a proxy's plain words: none of them is a fault of ours."""
    assert words in str(fault_of(400, None, body))


def test_a_long_message_is_cut() -> None:
    """A page of HTML does not fill the list of failures."""
    assert len(str(fault_of(400, None, "x" * 5000))) < 340


def test_after_too_many_requests_fewer_are_in_flight(
    rater: Callable[..., ServerRater], job: Callable[..., Job]
) -> None:
    """A server that takes two at once and is asked by eight: it is answered in the end, and refuses few."""
    with serving(delay=0.02, most=2) as (url, script):
        made = rater(url, parallel=8, patience=Patience(10, 2.0, 0.02, 0.2, 0.05))
        finished = run(job(made, repeats=3))
    assert (finished.progress.rated, finished.progress.failed) == (18, 0)
    assert script.asked == 54 + script.refused
    assert 0 < script.refused < 54
