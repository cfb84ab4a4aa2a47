"""From what a person wishes captured to rows that can be captured, and the file that they go to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vlmrate.errors import ProbeError
from vlmrate.inference.plan import select
from vlmrate.inference.prepare import usable_rater_name
from vlmrate.probe.concepts import read_concepts
from vlmrate.probe.pictures import PictureRows, find_steps, step_name
from vlmrate.probe.records import POSITIONS, Position
from vlmrate.probe.texts import TextRows
from vlmrate.protocol.likely import likely_prompts
from vlmrate.protocol.load import load_protocol
from vlmrate.raters.model import Request
from vlmrate.raters.registry import find_model
from vlmrate.study.faults import did_you_mean
from vlmrate.study.load import find_study, load_study

if TYPE_CHECKING:
    from collections.abc import Callable

    from vlmrate.protocol.records import Protocol
    from vlmrate.raters.mlx.model import MlxModel
    from vlmrate.raters.mlx.rater import MlxRater
    from vlmrate.study.records import Study

SUFFIX = ".safetensors"
CAPTURES = "captures"
"""The folder of a rater's captures, beside those of its protocols."""


@dataclass(frozen=True, slots=True)
class CaptureWishes:
    """What a person asks of `vlmrate probe capture`; None where the study or the model decides.

    `step` and `positions` may name several, with a comma between. `text` is a concept file, captured instead of
    pictures.
    """

    model: str
    study: Path | None = None
    protocol: str | None = None
    step: str | None = None
    positions: str | None = None
    text: Path | None = None
    seed: int | None = None
    limit: int | None = None
    only: tuple[str, ...] = ()
    out: Path | None = None
    results: Path | None = None
    models_file: Path | None = None


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is captured, where to, and what people should know of the model."""

    rows: PictureRows | TextRows
    file: Path
    note: str | None


def prepare_capture(wishes: CaptureWishes, tell: Callable[[str], None]) -> Prepared:
    """Load study, protocol or texts, and model, cheapest first; `tell` is given what to know before a long load.

    Raises:
        VlmrateError: Anything asked for is missing or unsuitable.
    """
    _refuse_mixed(wishes)
    if wishes.out is not None and wishes.out.suffix != SUFFIX:
        raise ProbeError(f"--out {wishes.out}: a capture is a {SUFFIX} file; name it so")
    return _prepared_texts(wishes, tell) if wishes.text is not None else _prepared_pictures(wishes, tell)


def _refuse_mixed(wishes: CaptureWishes) -> None:
    if wishes.text is None:
        return
    given = {
        "--protocol": wishes.protocol is not None,
        "--step": wishes.step is not None,
        "--positions": wishes.positions is not None,
        "--seed": wishes.seed is not None,
        "--limit": wishes.limit is not None,
        "--only": bool(wishes.only),
    }
    for option, is_given in given.items():
        if is_given:
            raise ProbeError(f"{option} is for pictures and does not go with --text; leave one of them out")


def _prepared_pictures(wishes: CaptureWishes, tell: Callable[[str], None]) -> Prepared:
    study = load_study(find_study(wishes.study, Path.cwd()), results=wishes.results)
    model = mlx_model(wishes.model, wishes.models_file)
    protocol = load_protocol(wishes.protocol or study.protocol, study)
    positions = parse_positions(wishes.positions)
    if wishes.step is not None and "answer" not in positions:
        raise ProbeError(
            f"--step {wishes.step} says where answers are read; add answer to --positions, or leave it out"
        )
    steps = find_steps(protocol, listed(wishes.step, "--step"))
    stimuli = select(study, only=wishes.only, limit=wishes.limit)
    rater = made(model, Request(items=study.items, likely_prompts=likely_prompts(protocol, stimuli[0])), tell)
    rows = PictureRows(study.name, model.name, rater, protocol, stimuli, steps, positions, wishes.seed or 0)
    file = wishes.out or captures_folder(study, model) / capture_name(protocol, steps, positions)
    return Prepared(rows, file, model.note)


def _prepared_texts(wishes: CaptureWishes, tell: Callable[[str], None]) -> Prepared:
    texts = read_concepts(wishes.text or Path())
    model = mlx_model(wishes.model, wishes.models_file)
    file = wishes.out
    if file is None:
        study = load_study(find_study(wishes.study, Path.cwd()), results=wishes.results)
        file = captures_folder(study, model) / f"text-{(wishes.text or Path()).stem}{SUFFIX}"
    return Prepared(TextRows(model.name, made(model, Request(), tell), texts), file, model.note)


def parse_positions(text: str | None) -> tuple[Position, ...]:
    """Read "answer,vision" as two positions, in the order of the file; the answer's where none is named.

    Raises:
        ProbeError: One of them is none.
    """
    named = listed(text, "--positions")
    for word in named:
        if word not in POSITIONS:
            raise ProbeError(f"--positions {word}: there is no such position; {did_you_mean(word, POSITIONS)}")
    return tuple(position for position in POSITIONS if position in named) or ("answer",)


def listed(text: str | None, option: str) -> tuple[str, ...]:
    """Read words with commas between; none where nothing was given.

    Raises:
        ProbeError: A place is empty, or one is named twice; `option` is told.
    """
    words = tuple(word.strip() for word in text.split(",")) if text is not None else ()
    if not all(words) or len(set(words)) < len(words):
        raise ProbeError(f"{option} {text!r} has an empty place or names the same twice; name each once")
    return words


def mlx_model(name: str, models_file: Path | None) -> MlxModel:
    """A model by name that can be looked into.

    Raises:
        VlmrateError: There is none of that name, or it is no model on MLX.
    """
    from vlmrate.raters.mlx.model import MlxModel

    model = find_model(name, models_file)
    if not isinstance(model, MlxModel):
        raise ProbeError(
            f"{model.name} is a rater of kind {model.kind}, and only models on MLX can be looked into; name one of them"
        )
    return model


def made(model: MlxModel, request: Request, tell: Callable[[str], None]) -> MlxRater:
    """The rater of a model; `tell` is given what to know before a long load."""
    if (warning := model.warning()) is not None:
        tell(warning)
    return model.make([request])[0]


def captures_folder(study: Study, model: MlxModel) -> Path:
    """Where a rater's captures lie in the results folder."""
    return study.results / study.name / usable_rater_name(model.rater_name) / CAPTURES


def capture_name(protocol: Protocol, steps: tuple[int, ...], positions: tuple[Position, ...]) -> str:
    """All that tells one capture of a rater from another: context-carry_emotion_answer.safetensors."""
    asked = [step_name(protocol.steps[step]) for step in steps] if "answer" in positions else []
    parts = [protocol.name, *(["-".join(asked)] if asked else []), "-".join(positions)]
    return "_".join(parts) + SUFFIX
