"""From what a person wishes to what is needed for it: rows to capture and their file, or a rater to be changed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vlmrate.errors import ProbeError
from vlmrate.inference.plan import select
from vlmrate.inference.prepare import usable_rater_name
from vlmrate.probe.concepts import read_concepts
from vlmrate.probe.direction import CapturedDirections
from vlmrate.probe.edited import EditedRater
from vlmrate.probe.pictures import PictureRows, find_steps, step_name
from vlmrate.probe.records import POSITIONS, Position
from vlmrate.probe.sparse.directions import FeatureDirections, JoinedDirections
from vlmrate.probe.sparse.store import open_dictionary
from vlmrate.probe.store import open_capture
from vlmrate.probe.texts import TextRows
from vlmrate.protocol.likely import likely_prompts
from vlmrate.protocol.load import load_protocol
from vlmrate.raters.model import Request
from vlmrate.raters.registry import find_model
from vlmrate.study.faults import did_you_mean, shown
from vlmrate.study.load import find_study, load_study

if TYPE_CHECKING:
    from collections.abc import Callable

    from vlmrate.probe.direction import Directions
    from vlmrate.probe.records import CaptureAbout
    from vlmrate.probe.store import Capture
    from vlmrate.protocol.records import Protocol
    from vlmrate.raters.mlx.model import MlxModel
    from vlmrate.raters.mlx.rater import MlxRater
    from vlmrate.study.records import Stimulus, Study

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
    model = _model(wishes)
    protocol = load_protocol(wishes.protocol or study.protocol, study)
    positions = parse_positions(wishes.positions)
    if wishes.step is not None and "answer" not in positions:
        raise ProbeError(
            f"--step {wishes.step} says where answers are read; add answer to --positions, or leave it out"
        )
    steps = find_steps(protocol, _listed(wishes.step, "--step"))
    stimuli = select(study, only=wishes.only, limit=wishes.limit)
    rater = _rater(model, Request(items=study.items, likely_prompts=likely_prompts(protocol, stimuli[0])), tell)
    rows = PictureRows(study.name, model.name, rater, protocol, stimuli, steps, positions, wishes.seed or 0)
    file = wishes.out or _folder(study, model) / _file_name(protocol, steps, positions)
    return Prepared(rows, file, model.note)


def _prepared_texts(wishes: CaptureWishes, tell: Callable[[str], None]) -> Prepared:
    texts = read_concepts(wishes.text or Path())
    model = _model(wishes)
    file = wishes.out
    if file is None:
        study = load_study(find_study(wishes.study, Path.cwd()), results=wishes.results)
        file = _folder(study, model) / f"text-{(wishes.text or Path()).stem}{SUFFIX}"
    return Prepared(TextRows(model.name, _rater(model, Request(), tell), texts), file, model.note)


def parse_positions(text: str | None) -> tuple[Position, ...]:
    """Read "answer,vision" as two positions, in the order of the file; the answer's where none is named.

    Raises:
        ProbeError: One of them is none.
    """
    named = _listed(text, "--positions")
    for word in named:
        if word not in POSITIONS:
            raise ProbeError(f"--positions {word}: there is no such position; {did_you_mean(word, POSITIONS)}")
    return tuple(position for position in POSITIONS if position in named) or ("answer",)


@dataclass(frozen=True, slots=True)
class EditWishes:
    """What a person asks of a command that changes a model while it rates; None where the study or the model decides.

    `capture` holds the activations that directions are made from; None: the rater's own in the results folder.
    `dictionary` is one whose features may stand in the place of directions.
    """

    model: str
    study: Path | None = None
    protocol: str | None = None
    capture: Path | None = None
    dictionary: Path | None = None
    seed: int = 0
    limit: int | None = None
    only: tuple[str, ...] = ()
    results: Path | None = None
    models_file: Path | None = None


@dataclass(frozen=True, slots=True)
class PreparedEdits:
    """A rater that can be changed, the pictures it rates, directions to change it along, and what to know of it.

    `features` are those of the dictionary that was asked for; None where none was.
    """

    study: Study
    protocol: Protocol
    rater: EditedRater
    stimuli: tuple[Stimulus, ...]
    directions: CapturedDirections
    note: str | None
    features: FeatureDirections | None = None

    def beside_features(self, directions: Directions) -> Directions:
        """Directions, and beside them the features of the dictionary where one was asked for."""
        return directions if self.features is None else JoinedDirections(self.features, directions)


def prepare_edited(wishes: EditWishes, tell: Callable[[str], None]) -> PreparedEdits:
    """Load study, protocol, capture and model, cheapest first; `tell` is given what to know before a long load.

    Raises:
        VlmrateError: Anything asked for is missing or unsuitable; the capture is of another model, or holds no answers
            to one of the protocol's steps.
    """
    study = load_study(find_study(wishes.study, Path.cwd()), results=wishes.results)
    model = _model(wishes)
    protocol = load_protocol(wishes.protocol or study.protocol, study)
    stimuli = select(study, only=wishes.only, limit=wishes.limit)
    file = wishes.capture or _own_capture(_folder(study, model), model, protocol)
    unproved = open_capture(file)
    _refuse_incomplete(unproved, protocol, model)
    dictionary = wishes.dictionary
    features = None if dictionary is None else FeatureDirections(open_dictionary(dictionary), unproved)
    rater = _rater(model, Request(items=study.items, likely_prompts=likely_prompts(protocol, stimuli[0])), tell)
    capture = open_capture(file, model_digest=rater.loaded.digest)
    return PreparedEdits(
        study=study,
        protocol=protocol,
        rater=EditedRater(rater, protocol, usable_rater_name(model.rater_name), wishes.seed),
        stimuli=stimuli,
        directions=CapturedDirections(capture, study),
        note=model.note,
        features=features,
    )


def _own_capture(folder: Path, model: MlxModel, protocol: Protocol) -> Path:
    """A rater's capture in the results folder of its answers to all steps of a protocol."""
    usual = folder / _file_name(protocol, tuple(range(len(protocol.steps))), ("answer",))
    others = sorted(folder.glob(f"{protocol.name}_*{SUFFIX}"))
    for file in [usual] if usual.exists() else others:
        about = open_capture(file).about
        if about.protocol_digest == protocol.digest and not _unread(about, protocol):
            return file
    raise ProbeError(
        f"no capture under {shown(folder)} holds the answers of {model.name} to all steps of protocol {protocol.name} "
        f"as it is now; make one with `vlmrate probe capture --model {model.name} --protocol {protocol.name}`, or name "
        "one with --capture"
    )


def _refuse_incomplete(capture: Capture, protocol: Protocol, model: MlxModel) -> None:
    unread = _unread(capture.about, protocol)
    if unread:
        raise ProbeError(
            f"{shown(capture.file)} lacks {', '.join(unread)}, and directions are taken where each step is answered; "
            f"capture all steps of pictures with `vlmrate probe capture --model {model.name} --protocol "
            f"{protocol.name}`"
        )


def _unread(about: CaptureAbout, protocol: Protocol) -> list[str]:
    """The arrays of answers to a protocol's steps that a capture lacks."""
    wanted = [f"answer/{step_name(step)}" for step in protocol.steps]
    return [name for name in wanted if about.source != "images" or about.array(name) is None]


def _listed(text: str | None, option: str) -> tuple[str, ...]:
    words = tuple(word.strip() for word in text.split(",")) if text is not None else ()
    if not all(words) or len(set(words)) < len(words):
        raise ProbeError(f"{option} {text!r} has an empty place or names the same twice; name each once")
    return words


def _model(wishes: CaptureWishes | EditWishes) -> MlxModel:
    from vlmrate.raters.mlx.model import MlxModel

    model = find_model(wishes.model, wishes.models_file)
    if not isinstance(model, MlxModel):
        raise ProbeError(
            f"{model.name} is a rater of kind {model.kind}, and only models on MLX can be looked into; name one of them"
        )
    return model


def _rater(model: MlxModel, request: Request, tell: Callable[[str], None]) -> MlxRater:
    if (warning := model.warning()) is not None:
        tell(warning)
    return model.make([request])[0]


def _folder(study: Study, model: MlxModel) -> Path:
    return study.results / study.name / usable_rater_name(model.rater_name) / CAPTURES


def _file_name(protocol: Protocol, steps: tuple[int, ...], positions: tuple[Position, ...]) -> str:
    """All that tells one capture of a rater from another: context-carry_emotion_answer.safetensors."""
    asked = [step_name(protocol.steps[step]) for step in steps] if "answer" in positions else []
    parts = [protocol.name, *(["-".join(asked)] if asked else []), "-".join(positions)]
    return "_".join(parts) + SUFFIX
