"""A study's protocol as part of what is wrong with the study."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vlmrate.errors import ProtocolError
from vlmrate.protocol.load import load_protocol
from vlmrate.study.faults import Fault

if TYPE_CHECKING:
    from vlmrate.study.load import Examined


def with_protocol(examined: Examined) -> Examined:
    """What was examined, and the protocol's fault if it has one; unchanged where the study itself cannot be used."""
    study = examined.study
    if study is None or examined.faults:
        return examined
    try:
        load_protocol(study.protocol, study)
    except ProtocolError as error:
        return replace(examined, faults=(Fault(study.file, None, "protocol", str(error)),))
    return examined
