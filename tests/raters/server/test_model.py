"""Models behind servers by name, what their entries may say, and what is recorded of them."""

from __future__ import annotations

import socket
import sys
from typing import TYPE_CHECKING, Any

import pytest

from raters.server.faultserver import serving
from vlmrate.errors import RaterError
from vlmrate.raters.model import Request
from vlmrate.raters.registry import find_model, models
from vlmrate.raters.server.model import ServerModel

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vlmrate.raters.server.rater import ServerRater


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No address and no keys from the machine that runs the tests."""
    for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY", "GEMINI_API_KEY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def named(tmp_path: Path) -> Callable[[str], Any]:
    """The model server:mine of a models.yaml with these lines."""

    def find(lines: str) -> Any:
        file = tmp_path / "models.yaml"
        file.write_text(f"server:mine: {{{lines}}}\n", encoding="utf-8")
        return find_model("server:mine", file)

    return find


def closed_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_the_shipped_entries_are_whole_and_say_what_they_need() -> None:
    """Local servers need nothing but to run; companies' need a key, and say that pictures leave the machine."""
    known = {model.name: model for model in models() if isinstance(model, ServerModel)}
    assert {"server:local", "server:gpt-4o-mini", "server:gemini-2.5-flash", "server:ollama"} <= set(known)
    assert known["server:local"].missing() is None
    openai = known["server:gpt-4o-mini"]
    assert "environment variable OPENAI_API_KEY holds no key" in str(openai.missing())
    assert (
        openai.note == "sends every picture to api.openai.com with the key in OPENAI_API_KEY: they leave this machine"
    )
    assert openai.priced
    assert "leave" not in str(known["server:local"].note)


@pytest.mark.parametrize(("name", "stored"), [
    ("openai:gemma3:4b", "gemma3-4b"), ("openai:org/model", "model"), ("openai:/weights/tiny/", "tiny"),
    ("openai:gpt-4o", "gpt-4o"), ("openai:org/m:tag", "m-tag"),
])  # fmt: skip
def test_a_name_may_hold_slashes_and_colons(name: str, stored: str) -> None:
    """The server is told the whole of it, ratings are stored under its last part."""
    model = find_model(name)
    assert isinstance(model, ServerModel)
    assert (model.rater_name, model.entry.model) == (stored, name.removeprefix("openai:"))


def test_an_address_is_needed_and_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """--url first, then OPENAI_BASE_URL, else one sentence."""
    with pytest.raises(RaterError, match=r"openai:m has no address; give one with --url"):
        find_model("openai:m").make([Request()])
    with serving() as (url, _):
        monkeypatch.setenv("OPENAI_BASE_URL", url)
        (rater,) = find_model("openai:m").make([Request()])
        assert rater.settings["url"] == url
        monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
        (rater,) = find_model("openai:m").make([Request(url=url + "/")])
        assert rater.settings["url"] == url


@pytest.mark.parametrize("host", ["lab.invalid:8000", "10.255.255.1:8000"])
def test_a_key_is_sent_to_other_machines_only_over_https(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """OPENAI_API_KEY is meant for OpenAI: over http it goes nowhere but to this machine, and the sentence names it."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-12345678")
    with pytest.raises(RaterError, match=rf"key in OPENAI_API_KEY unencrypted to {host.partition(':')[0]}; give an"):
        find_model("openai:m").make([Request(url=f"http://{host}/v1")])
    with serving() as (url, script):
        (rater,) = find_model("openai:m").make([Request(url=url)])
    assert rater.settings["url"] == url
    assert script.asked == 0


def test_an_entry_that_would_send_its_key_in_clear_is_not_ready(
    named: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`vlmrate models` says so before anything is sent; without a key there is nothing to refuse."""
    monkeypatch.setenv("LAB_KEY", "sk-12345678")
    model = named("url: 'http://lab.invalid/v1', key_env: LAB_KEY")
    assert "would send the key in LAB_KEY unencrypted to lab.invalid" in str(model.missing())
    assert named("url: 'https://lab.invalid/v1', key_env: LAB_KEY").missing() is None
    assert named("url: 'http://lab.invalid/v1'").missing() is None


def test_without_a_model_named_it_is_the_first_that_the_server_lists(named: Callable[[str], Any]) -> None:
    """And that name is what is recorded."""
    with serving() as (url, _):
        (rater,) = named(f"url: '{url}'").make([Request()])
    assert rater.settings["model"] == "first-model"


def test_nobody_there_is_one_sentence(named: Callable[[str], Any]) -> None:
    """Before any image is tried."""
    with pytest.raises(RaterError, match=r"no server answers at http://127\.0\.0\.1:\d+/v1; start it"):
        named(f"url: 'http://127.0.0.1:{closed_port()}/v1', model: m").make([Request()])


def test_missing_packages_are_one_sentence(named: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """With what to type."""
    monkeypatch.setitem(sys.modules, "httpx2", None)
    model = named("url: 'http://127.0.0.1:1/v1'")
    assert "pip install 'vlmrate[server]'" in str(model.missing())
    with pytest.raises(RaterError, match=r"pip install 'vlmrate\[server\]'"):
        model.make([Request()])


@pytest.mark.parametrize(("lines", "words"), [
    ("urll: x", "key urll"), ("temperature: 9", "key temperature"), ("top_logprobs: -1", "key top_logprobs"),
    ("extra: {seed: 4}", "seed is not a further field"),
    ("thinking: {switch_on: {model: other}}", "model is not a further field"),
    ("thinking: {switch_off: {messages: []}}", "messages is not a further field"),
    ("thinking: {budget_field: messages.budget}", "messages is not a further field"),
    ("max_tokens_field: messages", "messages is not a further field"),
    ("picture: {format: gif}", r"key picture\.format"),
    ("picture: {format: as is, max_side: 9}", "cannot be made smaller"), ("parallel: 0", "key parallel"),
])  # fmt: skip
def test_a_mistake_in_an_entry_is_named(lines: str, words: str, named: Callable[[str], Any]) -> None:
    """File, model and key."""
    with pytest.raises(RaterError, match=rf"models\.yaml: model server:mine.*{words}"):
        named(lines)


def test_options_of_other_kinds_of_rater_are_refused(named: Callable[[str], Any]) -> None:
    """A server has no --fidelity."""
    with pytest.raises(RaterError, match="--fidelity does not apply to server:mine"):
        named("url: 'http://127.0.0.1:1/v1'").make([Request(fidelity="reference")])


def test_settings_are_what_decides_answers_and_nothing_else(rater: Callable[..., ServerRater]) -> None:
    """How much at once, how patiently and with which key leaves them the same; picture, fields and address do not."""
    with serving() as (url, _):
        usual = rater(url).settings
        assert rater(url, parallel=9, key="sk-123456789", attempts=3, timeout=3.0).settings == usual
        for changed in ({"picture": {"detail": "low"}}, {"picture": {"max_side": 64}}, {"extra": {"top_p": 0.5}},
                        {"system": "Be kind."}, {"temperature": 0.5}, {"send_seed": False}):  # fmt: skip
            assert rater(url, **changed).settings != usual
    assert not any("sk-" in str(value) for value in usual.values())


THINKING = {"switch_on": {"a": {"b": True}}, "switch_off": {"effort": "none"}, "budget_field": "a.c.budget"}


def test_reasoning_is_switched_as_the_entry_says(rater: Callable[..., ServerRater]) -> None:
    """On: its fields, the budget in its place, and room for it; off: its fields; not asked: nothing."""
    with serving() as (url, _):
        on = rater(url, thinking=THINKING, request=Request(thinking_tokens=500)).settings
        off = rater(url, thinking=THINKING, request=Request(thinking_tokens=0)).settings
        unasked = rater(url, thinking=THINKING).settings
    assert (on["thinking_fields"], on["max_tokens_text"]) == ('{"a": {"b": true, "c": {"budget": 500}}}', 516)
    assert (off["thinking_fields"], off["max_tokens_text"]) == ('{"effort": "none"}', 16)
    assert (unasked["thinking_fields"], unasked["thinking_tokens"]) == (None, None)


def test_reasoning_that_cannot_be_switched_is_one_sentence(rater: Callable[..., ServerRater]) -> None:
    """With the key that is missing."""
    with serving() as (url, _):
        with pytest.raises(RaterError, match=r"switched on \(key thinking\.switch_on\)"):
            rater(url, request=Request(thinking_tokens=5))
        with pytest.raises(RaterError, match=r"switched off \(key thinking\.switch_off\)"):
            rater(url, thinking={"switch_on": {}}, request=Request(thinking_tokens=0))
