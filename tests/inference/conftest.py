"""A study of six pictures, and a rater that answers from a script: everything but the model is real."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from vlmrate.errors import RaterError
from vlmrate.inference.job import FailAfter, Job
from vlmrate.inference.store import store_for
from vlmrate.protocol.load import load_protocol
from vlmrate.raters.base import OptionProbabilities, Reply, Settings
from vlmrate.study.load import load_study

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vlmrate.protocol.records import Question
    from vlmrate.study.records import Study

STUDY = """\
name: faces
stimuli: stimuli.csv
items:
  emotion: {options: [happy, sad], intended: emotion}
  valence: {low: 1, high: 9, low_anchor: bad, high_anchor: good}
  arousal: {low: 1, high: 9, low_anchor: calm, high_anchor: excited}
factors: {emotion: emotion, identity: who}
protocol: context-carry
"""


@dataclass(slots=True)
class ScriptedRater:
    """Says `answers` in turn for every picture; fails on the pictures named; counts what it was shown."""

    answers: tuple[str, ...] = ("happy", "7", "5")
    failing: frozenset[str] = frozenset()
    temperature: float = 0.0
    workers: int = 1
    seen: list[str] = field(default_factory=list)
    seeds: list[int] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    @property
    def settings(self) -> Settings:
        return {"kind": "scripted", "model": "script", "temperature": self.temperature}

    def view(self, image: Path, seed: int) -> ScriptedView:
        self.seen.append(image.stem)
        self.seeds.append(seed)
        if image.stem in self.failing:
            raise RaterError(f"cannot look at {image.stem}")
        return ScriptedView(self)


@dataclass(slots=True)
class ScriptedView:
    """One picture's turn."""

    rater: ScriptedRater
    step: int = 0

    def ask(self, question: Question) -> Reply:
        text = self.rater.answers[self.step]
        self.step += 1
        self.rater.asked.append(question.prompt)
        item = question.items[0]
        share = 1 / len(item.answers)
        return Reply(
            text=text,
            sent_sha256=hashlib.sha256(question.prompt.encode()).hexdigest(),
            prompt_tokens=10,
            answer_tokens=1,
            seconds=0.001,
            finish="stop",
            options={item.name: OptionProbabilities(dict.fromkeys(item.answers, share), 0.9)},
        )


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """Three people, each happy and sad."""
    images = tmp_path / "images"
    images.mkdir()
    rows = ["image_id,path,emotion,who"]
    for number, who in enumerate("abc"):
        for emotion in ("happy", "sad"):
            shade = 40 * number + (20 if emotion == "sad" else 0)
            Image.new("RGB", (8, 8), (shade, shade, shade)).save(images / f"{who}_{emotion}.png")
            rows.append(f"{who}_{emotion},images/{who}_{emotion}.png,{emotion},{who}")
    (tmp_path / "stimuli.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (tmp_path / "study.yaml").write_text(STUDY, encoding="utf-8")
    return load_study(tmp_path / "study.yaml")


@pytest.fixture
def job(study: Study) -> Callable[..., Job]:
    """Makes a job over the study with a scripted rater."""

    def make(rater: ScriptedRater | None = None, *, name: str = "script", repeats: int = 1, seed: int = 0,
             fail_after: FailAfter | None = None, stimuli: int | None = None) -> Job:  # fmt: skip
        protocol = load_protocol("context-carry", study)
        return Job(
            study=study,
            protocol=protocol,
            rater=rater or ScriptedRater(),
            rater_name=name,
            store=store_for(study, name, protocol.name),
            stimuli=study.stimuli[:stimuli],
            repeats=repeats,
            seed=seed,
            fail_after=fail_after or FailAfter(),
        )

    return make


@pytest.fixture
def scripted() -> type[ScriptedRater]:
    """The class of scripted raters."""
    return ScriptedRater
