"""From what a person wishes changed to a rater that can be, its pictures, and directions to change it along."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from vlmrate.errors import ProbeError
from vlmrate.inference.plan import select
from vlmrate.inference.prepare import usable_rater_name
from vlmrate.probe.direction import CapturedDirections
from vlmrate.probe.edited import EditedRater
from vlmrate.probe.pictures import step_name
from vlmrate.probe.prepare import SUFFIX, capture_name, captures_folder, made, mlx_model
from vlmrate.probe.sparse.active import Features
from vlmrate.probe.sparse.directions import FeatureDirections, JoinedDirections
from vlmrate.probe.sparse.store import open_dictionary
from vlmrate.probe.store import open_capture
from vlmrate.protocol.likely import likely_prompts
from vlmrate.protocol.load import load_protocol
from vlmrate.raters.model import Request
from vlmrate.study.faults import shown
from vlmrate.study.load import find_study, load_study

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from vlmrate.probe.direction import Directions
    from vlmrate.probe.records import CaptureAbout
    from vlmrate.probe.store import Capture
    from vlmrate.protocol.records import Protocol
    from vlmrate.raters.mlx.model import MlxModel
    from vlmrate.study.records import Stimulus, Study


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

    def directions_of(self, identities: Collection[str] | None) -> Directions:
        """Directions taken from some people's pictures, and beside them the features that were asked for."""
        captured = replace(self.directions, identities=identities)
        return captured if self.features is None else JoinedDirections(self.features, captured)


def prepare_edited(wishes: EditWishes, tell: Callable[[str], None]) -> PreparedEdits:
    """Load study, protocol, capture and model, cheapest first; `tell` is given what to know before a long load.

    Raises:
        VlmrateError: Anything asked for is missing or unsuitable; the capture is of another model, or holds no answers
            to one of the protocol's steps.
    """
    study = load_study(find_study(wishes.study, Path.cwd()), results=wishes.results)
    model = mlx_model(wishes.model, wishes.models_file)
    protocol = load_protocol(wishes.protocol or study.protocol, study)
    stimuli = select(study, only=wishes.only, limit=wishes.limit)
    file = wishes.capture or _own_capture(captures_folder(study, model), model, protocol)
    unproved = open_capture(file)
    _refuse_incomplete(unproved, protocol, model)
    dictionary = wishes.dictionary
    features = None if dictionary is None else FeatureDirections(Features(open_dictionary(dictionary), unproved))
    rater = made(model, Request(items=study.items, likely_prompts=likely_prompts(protocol, stimuli[0])), tell)
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
    usual = folder / capture_name(protocol, tuple(range(len(protocol.steps))), ("answer",))
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
