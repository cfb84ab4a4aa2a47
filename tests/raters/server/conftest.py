"""A study of six pictures and raters over servers on loopback that wait milliseconds instead of seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from vlmrate.inference.job import Job
from vlmrate.inference.store import store_for
from vlmrate.protocol.load import load_protocol
from vlmrate.raters.model import Request
from vlmrate.raters.server.address import read_address
from vlmrate.raters.server.client import Client, Patience
from vlmrate.raters.server.entry import ServerEntry
from vlmrate.raters.server.model import ServerModel
from vlmrate.raters.server.secret import Key
from vlmrate.study.load import load_study

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vlmrate.raters.server.rater import ServerRater
    from vlmrate.study.records import Study

STUDY = """\
name: faces
stimuli: stimuli.csv
items:
  emotion: {options: [happy, sad], intended: emotion}
  valence: {low: 1, high: 9, low_anchor: bad, high_anchor: good}
  arousal: {low: 1, high: 9, low_anchor: calm, high_anchor: excited}
factors: {emotion: emotion}
protocol: context-carry
"""
QUICK = Patience(attempts=6, timeout=0.6, first_wait=0.01, longest_wait=0.05, jitter=0.01)


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """Six grey pictures."""
    (tmp_path / "images").mkdir()
    rows = ["image_id,path,emotion"]
    for number in range(6):
        Image.new("RGB", (16, 16), (20 * number,) * 3).save(tmp_path / "images" / f"p{number}.png")
        rows.append(f"p{number},images/p{number}.png,{('happy', 'sad')[number % 2]}")
    (tmp_path / "stimuli.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (tmp_path / "study.yaml").write_text(STUDY, encoding="utf-8")
    return load_study(tmp_path / "study.yaml")


@pytest.fixture
def rater() -> Callable[..., ServerRater]:
    """Makes a rater over the server at an address."""

    def make(url: str, *, key: str | None = None, parallel: int = 4, patience: Patience = QUICK,
             request: Request | None = None, **entry: Any) -> ServerRater:  # fmt: skip
        client = Client(read_address(url, "test"), Key(key), parallel=parallel, patience=patience)
        (made,) = ServerModel("server:test", ServerEntry(**entry)).raters(client, [request or Request()])
        return made

    return make


@pytest.fixture
def job(study: Study) -> Callable[..., Job]:
    """Makes a job over the study with a rater."""

    def make(rater: ServerRater, *, name: str = "test", max_cost: float | None = None, repeats: int = 1) -> Job:
        protocol = load_protocol("context-carry", study)
        return Job(
            study=study,
            protocol=protocol,
            rater=rater,
            rater_name=name,
            store=store_for(study, name, protocol.name),
            stimuli=study.stimuli,
            repeats=repeats,
            max_cost=max_cost,
        )

    return make
