"""What `--allow METRIC=CHANGE` says."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from vlmrate.errors import CheckError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vlmrate.check.records import Metric


def parse_allow(texts: Sequence[str]) -> dict[str, float]:
    """By how much each metric named may become worse.

    Raises:
        CheckError: A text is not METRIC=NUMBER with a number of 0 or more, or names a metric a second time.

    >>> parse_allow(["valence.mae=0.2", "valence.bias[emotion=sad]=0.5"])
    {'valence.mae': 0.2, 'valence.bias[emotion=sad]': 0.5}
    """
    found: dict[str, float] = {}
    for text in texts:
        name, equals, written = text.rpartition("=")
        number = _number(written)
        if not equals or not name or number is None:
            raise CheckError(f"--allow {text!r} is not METRIC=CHANGE with a number of 0 or more, as in valence.mae=0.2")
        if name in found:
            raise CheckError(f"--allow names {name} twice; name it once")
        found[name] = number
    return found


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None


def refuse_unknown(allow: Iterable[str], metrics: Sequence[Metric]) -> None:
    """Refuse the name of a metric that the baseline lacks.

    Raises:
        CheckError: There is one.
    """
    known = [metric.name for metric in metrics]
    for name in allow:
        if name not in known:
            whole = ", ".join(metric.name for metric in metrics if metric.level is None)
            raise CheckError(f"--allow {name}: there is no such metric; there are {whole}, and bias by group")
