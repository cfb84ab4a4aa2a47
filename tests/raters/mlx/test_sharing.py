"""Raters of one model in one run share what they see of a picture, and answer as each would alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from vlmrate.protocol.conduct import conduct
from vlmrate.protocol.likely import likely_prompts
from vlmrate.protocol.load import load_protocol
from vlmrate.raters.mlx.shared import HEADS_KEPT
from vlmrate.raters.model import Request
from vlmrate.raters.registry import find_model
from vlmrate.study.records import Stimulus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from vlmrate.protocol.records import Protocol
    from vlmrate.raters.mlx.rater import MlxRater
    from vlmrate.study.records import Study

WAYS = (("context-carry", 0.0), ("single-shot", 0.0), ("independent", 0.0), ("context-carry", 1.5))
FAMILIES = ("gemma3_window", "mllama")
TOKENS = {"max_tokens_text": 8, "max_tokens_json": 24}
"""How much a rater may say; with weights drawn at random it seldom ends before."""


@pytest.fixture(scope="session")
def protocols(study: Study) -> dict[str, Protocol]:
    """The protocols of the grid."""
    return {name: load_protocol(name, study) for name, _ in WAYS}


@pytest.fixture
def make(
    model_folder: Callable[[str], Path], protocols: dict[str, Protocol], stimulus: Stimulus
) -> Callable[..., tuple[MlxRater, ...]]:
    """Raters of one family for these ways of asking, made together."""

    def of(family: str, ways: Sequence[tuple[str, float]], **more: Any) -> tuple[MlxRater, ...]:
        requests = [
            Request(likely_prompts=likely_prompts(protocols[name], stimulus), temperature=temperature, **more)
            for name, temperature in ways
        ]
        model = find_model(str(model_folder(family)))
        decoding = model.entry.decoding.model_copy(update=TOKENS)  # type: ignore[attr-defined]
        model.entry = model.entry.model_copy(update={"decoding": decoding})  # type: ignore[attr-defined]
        return model.make(requests)  # type: ignore[return-value]

    return of


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Callable[[MlxRater], list[int]]:
    """Counts how often a rater's vision tower runs from now on."""

    def watch(rater: MlxRater) -> list[int]:
        seen: list[int] = []
        tower = type(rater._loaded.model.vision_tower)
        original = tower.__call__

        def counted(self: Any, *arguments: Any, **named: Any) -> Any:
            seen.append(1)
            return original(self, *arguments, **named)

        monkeypatch.setattr(tower, "__call__", counted)
        return seen

    return watch


def replies(rater: MlxRater, protocol: Protocol, image: Path, seed: int = 7) -> list[Any]:
    """All that a rater says of a picture, but for the time it took."""
    flow = conduct(protocol, Stimulus(image.stem, image, {}))
    view = rater.view(image, seed)
    told: list[Any] = []
    try:
        question = next(flow)
        while True:
            reply = view.ask(question)
            told.append((reply.text, reply.sent_sha256, reply.finish, dict(reply.options)))
            question = flow.send(reply)
    except StopIteration:
        return told


def grid(raters: Sequence[MlxRater], protocols: dict[str, Protocol], images: Sequence[Path]) -> Iterator[list[Any]]:
    """Image by image, every rater twice."""
    for image in images:
        for rater, (name, _) in zip(raters, WAYS, strict=True):
            for repeat in range(2):
                yield replies(rater, protocols[name], image, repeat)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_grid_answers_bit_for_bit_as_separate_runs_and_looks_once_an_image(
    family: str, make: Callable[..., Any], protocols: dict[str, Protocol], picture: Callable[..., Path], looks: Any
) -> None:
    """Words, tokens sent and every probability are those of raters that were made alone; the vision tower of those made
    together runs once a picture: three pictures, four ways of asking, two repeats are three looks."""
    images = [picture(number=number) for number in range(3)]
    raters = make(family, WAYS)
    seen = looks(raters[0])
    together = list(grid(raters, protocols, images))
    assert len(seen) == 3
    apart = list(grid([make(family, [way])[0] for way in WAYS], protocols, images))
    assert together == apart
    assert len({str(answers) for answers in together}) > 3


def test_heads_are_read_once_where_prompts_begin_alike(
    make: Callable[..., Any], protocols: dict[str, Protocol], picture: Callable[..., Path], monkeypatch: Any
) -> None:
    """Of four ways, single-shot alone begins otherwise: two heads a picture, whatever the repeats, and no more kept."""
    raters = make("gemma3", WAYS)
    architecture = type(raters[0]._architecture)
    read, kept = architecture._read_head, []

    def counted(self: Any, looked: Any, head: Any) -> Any:
        kept.append(looked)
        return read(self, looked, head)

    monkeypatch.setattr(architecture, "_read_head", counted)
    list(grid(raters, protocols, [picture(number=number) for number in range(3)]))
    assert len(kept) == 3 * 2
    assert all(len(looked.heads) <= HEADS_KEPT for looked in kept)


def test_one_picture_is_kept(
    make: Callable[..., Any], protocols: dict[str, Protocol], picture: Callable[..., Path]
) -> None:
    """What was seen of a picture is given back when the next one is looked at: raters hold one between them."""
    raters = make("gemma3", WAYS)
    first = raters[0].view(picture(number=0), 0)._picture
    second = raters[1].view(picture(number=1), 0)._picture
    assert second is not first
    assert {id(rater._last._looked) for rater in raters} == {id(second)}


def test_a_picture_that_has_changed_is_seen_anew(
    make: Callable[..., Any], protocols: dict[str, Protocol], tmp_path: Path, looks: Any
) -> None:
    """A file written over between two ways of asking is another picture, under the same name."""
    raters, file = make("gemma3", WAYS), tmp_path / "face.png"
    seen, answers = looks(raters[0]), []
    for rater, shade in zip(raters[2:], (30, 220), strict=True):
        Image.fromarray(np.full((56, 56, 3), shade, dtype=np.uint8)).save(file)
        answers.append(replies(rater, protocols["independent"], file))
    assert len(seen) == 2
    assert answers[0][0][3] != answers[1][0][3]


def test_the_plain_path_shares_nothing(
    make: Callable[..., Any], protocols: dict[str, Protocol], picture: Callable[..., Path], looks: Any
) -> None:
    """--path plain encodes the picture for every prompt of every way, as it says."""
    raters = make("gemma3", WAYS[:1] * 2, path="plain")
    seen = looks(raters[0])
    for rater in raters:
        replies(rater, protocols["context-carry"], picture())
    assert len(seen) == 6
