"""A page of a study whose names try to be markup, and a browser without a network to open it in."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from report.html.names import IDENTITIES, IMAGE_ID, LEVEL, SCRIPT
from vlmrate.analysis import AnalysisOptions, analyze
from vlmrate.report.html import html_page
from vlmrate.report.outline import outline
from vlmrate.stats import Bootstrap
from vlmrate.study.records import Item, Labels, Likert

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from vlmrate.analysis import Analysis
    from vlmrate.study.records import Study


@dataclass(frozen=True, slots=True)
class Sample:
    """A study, its analysis, and the page made of them."""

    study: Study
    analysis: Analysis
    page: str
    file: Path


@dataclass(slots=True)
class Opened:
    """A page in a browser, and whatever went wrong with it."""

    page: Any
    troubles: list[str] = field(default_factory=list)


@pytest.fixture(scope="session")
def sample(lasting) -> Sample:
    """72 images, two raters (one with a hostile name); one picture is gone and one is broken."""
    study = _study(lasting)
    first, second, *_ = study.stimuli
    model = lasting.rater(study, "model", bias={"fear": -2.0}, noise=0.8)
    _answer(model, first.image_id, SCRIPT)
    _answer(model, second.image_id, None)
    other = lasting.rater(study, SCRIPT, bias={"sad": 1.0}, noise=0.3, seed=2)
    for stimulus in study.stimuli:
        if stimulus.factors["emotion"] == "sad":
            _answer(other, stimulus.image_id, "neutral")
    _draw(study)
    analysis = analyze(study, lasting.results(model, other), AnalysisOptions((), Bootstrap(resamples=20)))
    page = html_page(analysis, outline(analysis), {stimulus.image_id: stimulus.path for stimulus in study.stimuli})
    file = lasting.folder / "report.html"
    file.write_text(page, encoding="utf-8")
    return Sample(study, analysis, page, file)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium, headless."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no Chromium is installed")
    with playwright.sync_playwright() as started:
        # Containers seldom allow Chromium its sandbox; the page is ours.
        chromium = started.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def visit(browser, sample) -> Iterator[Callable[..., Any]]:
    """Opens the page with options of a browser context; fails where the page complained, asked or called."""
    opened: list[Opened] = []
    contexts = []

    def open_page(file: Path = sample.file, **options: Any) -> Any:
        context = browser.new_context(**({"viewport": {"width": 1280, "height": 900}} | options))
        context.set_default_timeout(10_000)
        contexts.append(context)
        context.route("**/*", lambda route: _let_through(route, shown.troubles, file.as_uri()))
        shown = Opened(context.new_page())
        shown.page.on("console", lambda message: shown.troubles.append(f"console: {message.text}"))
        shown.page.on("pageerror", lambda error: shown.troubles.append(f"error: {error}"))
        shown.page.on("dialog", lambda dialog: (shown.troubles.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        opened.append(shown)
        shown.page.goto(file.as_uri())
        return shown.page

    yield open_page
    for context in contexts:
        context.close()
    assert [trouble for shown in opened for trouble in shown.troubles] == []


def _let_through(route: Any, troubles: list[str], page: str) -> None:
    if route.request.url == page:
        route.continue_()
    else:
        troubles.append(f"request: {route.request.url}")
        route.abort()


def _study(lasting) -> Study:
    labels = ("happy", "sad", "angry", "fear", "disgust", "neutral", SCRIPT)
    items = (
        Item("emotion", Labels(labels), intended="emotion"),
        Item("valence", Likert(1, 9)),
        Item("arousal", Likert(1, 9)),
    )
    study = lasting.study(IDENTITIES, items=items)
    levels = {"f": LEVEL, "m": "m"}
    stimuli = tuple(
        replace(
            stimulus,
            image_id=IMAGE_ID if i == 0 else stimulus.image_id,
            factors={**stimulus.factors, "gender": levels[stimulus.factors["gender"]]},
        )
        for i, stimulus in enumerate(study.stimuli)
    )
    study = replace(study, name=SCRIPT, stimuli=stimuli)
    return replace(study, ratings=lasting.people(study))


def _answer(rows: list[dict[str, object]], image_id: str, label: str | None) -> None:
    for row in rows:
        if row["image_id"] == image_id and row["item"] == "emotion":
            row.update(value=label, route="exact" if label else "invalid")


def _draw(study: Study) -> None:
    for i, stimulus in enumerate(study.stimuli):
        if i == 1:
            stimulus.path.write_bytes(b"no picture")
        elif i != 2:
            Image.new("RGB", (300, 400), (i * 3, 120, 200)).save(stimulus.path)
