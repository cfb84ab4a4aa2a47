"""What the commands that change a model hand on, and what they tell of it."""

from __future__ import annotations

from contextlib import nullcontext
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from vlmrate.cli.probe import edits_job
from vlmrate.cli.probe.debias_job import refuse_other_protocol
from vlmrate.cli.probe.main import probe as commands
from vlmrate.errors import ProbeError
from vlmrate.probe.prepare_edits import EditWishes

if TYPE_CHECKING:
    from collections.abc import Callable

CHANGING = (("causal",), ("steer",), ("debias",), ("compare", "--direction", "happy"))


@pytest.mark.parametrize("arguments", CHANGING, ids=lambda arguments: arguments[0])
def test_the_seed_is_that_of_answers_that_are_drawn_too(
    monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    """--seed says “of all that is drawn”: a model that answers at a temperature draws by it as well."""
    asked: list[EditWishes] = []

    def stopped(wishes: EditWishes, _: Console) -> None:
        asked.append(wishes)
        raise ProbeError("far enough")

    monkeypatch.setattr(f"vlmrate.cli.probe.{arguments[0]}_job.opened", stopped)
    CliRunner().invoke(commands, [*arguments, "--model", "tiny", "--seed", "7"])
    assert [wishes.seed for wishes in asked] == [7]


def test_what_is_to_be_known_of_a_model_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The words before a long load, then the model's note."""

    def prepared(_: EditWishes, tell: Callable[[str], None]) -> SimpleNamespace:
        tell("this takes [a while]")
        return SimpleNamespace(note="knows [few] words", rater=SimpleNamespace(name="tiny"))

    monkeypatch.setattr(edits_job, "prepare_edited", prepared)
    written = StringIO()
    edits_job.opened(EditWishes("tiny"), Console(file=written, highlight=False))
    assert written.getvalue() == "this takes [a while]\nNote: tiny knows [few] words.\n"


@pytest.mark.parametrize(("digest", "refused"), [("a", False), (None, False), ("b", True)])
def test_debias_refuses_a_capture_of_another_protocol(digest: str | None, *, refused: bool) -> None:
    """Before and after would be told of streams after different prompts; a file that names no protocol is believed."""
    about = SimpleNamespace(protocol="independent", protocol_digest=digest)
    capture = SimpleNamespace(file=Path("made.safetensors"), about=about)
    protocol = SimpleNamespace(name="context-carry", digest="a")
    prepared: Any = SimpleNamespace(directions=SimpleNamespace(capture=capture), protocol=protocol)
    told = pytest.raises(ProbeError, match="made under protocol independent as it was") if refused else nullcontext()
    with told:
        refuse_other_protocol(prepared)
