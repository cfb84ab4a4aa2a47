"""No key, header or token is ever in a log, a manifest, an error or a rating."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from stamina.instrumentation import set_on_retry_hooks

from raters.server.faultserver import serving
from vlmrate.errors import AskError, RaterError
from vlmrate.protocol.records import Question
from vlmrate.raters.model import Request
from vlmrate.raters.registry import find_model
from vlmrate.raters.server.address import read_address
from vlmrate.raters.server.client import Patience
from vlmrate.raters.server.secret import Key, key_from
from vlmrate.study.records import Item, Labels

if TYPE_CHECKING:
    from collections.abc import Callable

    from vlmrate.raters.server.rater import ServerRater
    from vlmrate.study.records import Study

VLMRATE = str(Path(sys.executable).with_name("vlmrate"))
KEY = 'sk-Unique/1f0e"9d8c7b6a5948'
WRITTEN = (KEY, 'sk-Unique/1f0e\\"9d8c7b6a5948', "sk-Unique", "9d8c7b6a5948")


def infer(folder: Path, url: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a person would, with the key in the environment and every log open."""
    environment = os.environ | {"OPENAI_API_KEY": KEY, "COLUMNS": "200", "PYTHONDEVMODE": "1"}
    command = [VLMRATE, "infer", "--model", "openai:some/model:4b", "--url", url, *options]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["echo", "echo_answer", None])
def test_servers_that_repeat_the_key_leave_no_trace_of_it(fault: str | None, study: Study) -> None:
    """In errors, in answers, in reasoning: the results folder and both streams are free of it."""
    with serving(always=fault) as (url, script):
        ended = infer(study.file.parent, url, "--limit", "2")
    assert ended.returncode == (1 if fault == "echo" else 0), ended.stderr
    assert script.headers[0]["Authorization"] == f"Bearer {KEY}"
    files = [file for file in study.results.rglob("*") if file.is_file()]
    assert len(files) >= 2
    everything = [ended.stdout, ended.stderr, *(file.read_text(encoding="utf-8") for file in files)]
    assert not [text for text in everything for way in WRITTEN if way in text]
    if fault == "echo":
        assert any("[key]" in text for text in everything)


def test_logs_are_free_of_it_and_retries_print_nothing(
    study: Study, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """A crash that repeats the headers is tried again: even the packages' own logs at INFO have no key."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    caplog.set_level(logging.INFO)
    with serving(["echo_500"]) as (url, script):
        (rater,) = find_model("openai:m").make([Request(url=url)])
        view = rater.view(study.stimuli[0].path, 1)
        reply = view.ask(Question("Choose one", (Item("emotion", Labels(("happy", "sad"))),)))
    assert (reply.attempts, script.asked) == (2, 2)
    assert caplog.records
    logged = " ".join(f"{record.getMessage()} {record.__dict__}" for record in caplog.records)
    assert not [way for way in WRITTEN if way in logged + "".join(capfd.readouterr()) + repr(rater) + repr(reply)]


def test_retries_print_nothing_where_structlog_is_installed(
    rater: Callable[..., ServerRater], study: Study, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """stamina reports waits to structlog, which prints to stdout: there the outcome stands, as JSON perhaps."""
    structlog = ModuleType("structlog")
    logger = SimpleNamespace(warning=lambda event, **about: sys.stdout.write(f"{event} {about}"))
    structlog.get_logger = lambda *_: logger  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "structlog", structlog)
    set_on_retry_hooks(None)
    with serving(["500"]) as (url, script):
        rater(url).view(study.stimuli[0].path, 1).ask(
            Question("Choose one", (Item("emotion", Labels(("happy", "sad"))),))
        )
    assert script.asked == 2
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize("fault", ["echo_escaped", "echo_escaped_half", "echo_escaped_answer"])
def test_a_key_in_json_escapes_is_found_after_it_is_read(
    fault: str, rater: Callable[..., ServerRater], study: Study
) -> None:
    """A server that writes every sign of it as an escape: neither the sign nor the escape is kept."""
    question = Question("Choose one", (Item("emotion", Labels(("happy", "sad"))),))
    with serving(always=fault) as (url, _):
        try:
            kept = repr(rater(url, key=KEY, patience=Patience(1, 1.0)).view(study.stimuli[0].path, 1).ask(question))
        except AskError as error:
            kept = str(error)
    assert "[key]" in kept
    assert not [way for way in (*WRITTEN, "\\u0073", "\\u0064") if way in kept]


def test_a_model_listed_under_the_key_is_not_recorded_so(rater: Callable[..., ServerRater]) -> None:
    """What a server calls its model stands in the manifest."""
    with serving(always="echo_escaped_model") as (url, _):
        assert rater(url, key=KEY).settings["model"] == "Bearer [key]"


def test_a_key_does_not_show() -> None:
    """Neither its repr nor its text says it; scrubbing finds it however it is written."""
    key = Key(KEY)
    assert KEY not in f"{key!r} {key}"
    assert key.scrub(f"a {KEY} b") == "a [key] b"
    assert key.scrub('{"k": "sk-Unique/1f0e\\"9d8c7b6a5948"}') == '{"k": "[key]"}'
    assert key.scrub("sk-Unique%2F1f0e%229d8c7b6a5948") == "[key]"
    assert key.scrub("\\\\u0073\\\\u006b-Unique/1f0e%229d8c7b6a594\\u0038.") == "[key]."
    assert key.scrub_bytes(b"x" + KEY.encode()) == b"x[key]"


def test_a_placeholder_is_no_secret() -> None:
    """A key of a few letters may be a word of an answer: it is left in."""
    assert Key("happy").scrub("happy") == "happy"
    assert Key("happy").headers() == {"Authorization": "Bearer happy"}


@pytest.mark.parametrize("value", ["", "   ", "two words", "ключ-ключ"])
def test_a_key_that_cannot_be_one_is_told_without_it(value: str) -> None:
    """The variable is named, the value is not."""
    with pytest.raises(RaterError, match="environment variable SOME_KEY holds") as refused:
        key_from({"SOME_KEY": value}, "SOME_KEY")
    assert not value.strip() or value not in str(refused.value)


@pytest.mark.parametrize("url", ["http://me:secret123@127.0.0.1/v1", "http://127.0.0.1/v1?key=secret123",
                                 "http://127.0.0.1/v1#secret123", "secret123", "ftp://secret123/",
                                 "http://[secret123", "http://h:secret123/"])  # fmt: skip
def test_an_address_with_a_secret_is_refused_and_not_repeated(url: str) -> None:
    """Addresses are recorded, so none may hold anything that must not be."""
    with pytest.raises(RaterError, match="the url of name") as refused:
        read_address(url, "name")
    assert "secret123" not in str(refused.value)


@pytest.mark.slow
def test_a_refused_address_is_in_no_file(study: Study) -> None:
    """The command ends before anything is written."""
    ended = infer(study.file.parent, "http://me:secret123@127.0.0.1:9/v1")
    assert ended.returncode == 2
    assert "holds a user name or password" in ended.stderr
    assert "secret123" not in ended.stdout + ended.stderr
    assert not study.results.exists()


@pytest.mark.parametrize("entry", ["key: sk-abcdefgh123", "api_key: sk-abcdefgh123", "key_env: sk-abcdefgh123",
                                   "extra: {api_key: sk-abcdefgh123}", "extra: {a: {api-key: sk-abcdefgh123}}",
                                   "extra: {a: [{Access_Token: sk-abcdefgh123}]}",
                                   "thinking: {switch_on: {api_key: sk-abcdefgh123}}",
                                   "thinking: {switch_off: {a: {authorization: sk-abcdefgh123}}}"])  # fmt: skip
def test_a_key_in_models_yaml_is_refused_and_not_repeated(entry: str, tmp_path: Path) -> None:
    """The file is for sharing: the message says where a key belongs."""
    file = tmp_path / "models.yaml"
    file.write_text(f"server:mine:\n  url: http://127.0.0.1:1/v1\n  {entry}\n", encoding="utf-8")
    with pytest.raises(RaterError, match=r"models\.yaml: model server:mine") as refused:
        find_model("server:mine", file)
    assert "abcdefgh123" not in str(refused.value)
