"""The same model asked otherwise: as a persona, at a temperature, and told a false label."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vlmrate.errors import ProtocolError
from vlmrate.probe.comparing import Otherwise
from vlmrate.probe.edited import EditedRater
from vlmrate.protocol.forced import conditions
from vlmrate.protocol.likely import likely_prompts
from vlmrate.protocol.load import load_protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vlmrate.probe.compare import Kind
    from vlmrate.probe.prepare import PreparedEdits
    from vlmrate.protocol.records import Protocol
    from vlmrate.raters.mlx.rater import MlxRater

PERSONA = "persona"
FALSE_LABEL = "false-label"


def asked_otherwise(
    prepared: PreparedEdits, persona: str | None, temperature: float, seed: int
) -> tuple[tuple[Otherwise, ...], tuple[str, ...]]:
    """The channels in which nothing inside is changed, and why those that are lacking could not be asked.

    `persona` is a protocol; None: the shipped one. The temperature is that of the usual protocol, drawn by the seed.

    Raises:
        ProtocolError: The persona that was named does not fit the study.
    """
    made: list[Otherwise] = []
    lacking: list[str] = []
    asked = {item.name for step in prepared.protocol.steps for item in step.asks}
    wanted: tuple[tuple[str, Kind], ...] = ((persona or PERSONA, "prompt"), (FALSE_LABEL, "false label"))
    for name, kind in wanted:
        try:
            protocol = load_protocol(name, prepared.study)
        except ProtocolError as error:
            if name == persona:
                raise
            lacking.append(f"{name}: {error}")
            continue
        if {item.name for step in protocol.steps for item in step.asks} != asked:
            lacking.append(f"{name}: it asks other items than {prepared.protocol.name}")
            continue
        model = EditedRater(_asked_under(prepared, protocol), protocol, prepared.rater.name, seed)
        told = dict(_told(prepared, protocol)) if kind == "false label" else {}
        made.append(Otherwise(protocol.name, kind, model, told))
    warm = _asked_under(prepared, prepared.protocol, temperature)
    model = EditedRater(warm, prepared.protocol, prepared.rater.name, seed)
    drawn = Otherwise(f"temperature {temperature:g}", "temperature", model)
    return (*made, drawn), tuple(lacking)


def _told(prepared: PreparedEdits, protocol: Protocol) -> Iterator[tuple[str, str]]:
    for stimulus in prepared.stimuli:
        yield stimulus.image_id, next(iter(conditions(protocol, stimulus)[0].values()))


def _asked_under(prepared: PreparedEdits, protocol: Protocol, temperature: float | None = None) -> MlxRater:
    """The same loaded model, which reads at once what the protocol's prompts have in common."""
    from vlmrate.raters.mlx.rater import MlxRater

    usual = prepared.rater.rater
    decoding = usual.decoding if temperature is None else replace(usual.decoding, temperature=temperature)
    return MlxRater(usual.loaded, decoding=decoding, likely_prompts=likely_prompts(protocol, prepared.stimuli[0]))
