"""From the options of `vlmrate probe bias` to what is stored and shown."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vlmrate.cli.probe.showing import present
from vlmrate.errors import ProbeError
from vlmrate.probe.answered import answered
from vlmrate.probe.bias import Beside, capture_bias
from vlmrate.probe.found import Found
from vlmrate.probe.store import open_capture
from vlmrate.study.load import find_study, load_study

if TYPE_CHECKING:
    from vlmrate.cli.probe.showing import Showing
    from vlmrate.probe.separability import Way


@dataclass(frozen=True, slots=True)
class BiasWishes:
    """What is asked for: a capture of pictures, captures of texts, whose answers, and where; None as the capture says.

    `layer` None is chosen, and `array` None is every one.
    """

    file: Path
    texts: tuple[Path, ...]
    rater: str | None
    protocol: str | None
    array: str | None
    layer: int | None


def biased(wishes: BiasWishes, way: Way, *, study: Path | None, results: Path | None, how: Showing) -> None:
    """Open the captures, read the answers, and store and show what came of it.

    Raises:
        ProbeError: What is given as a capture of texts is none.
    """
    loaded = load_study(find_study(study, Path.cwd()), results=results)
    capture = open_capture(wishes.file)
    texts = [open_capture(file) for file in wishes.texts]
    if (strange := next((text for text in texts if text.about.source != "texts"), None)) is not None:
        raise ProbeError(f"--text {strange.file.name}: was captured from pictures; capture texts with --text FILE")
    beside = Beside(texts, answered(loaded, capture.about, capture.ids, rater=wishes.rater, protocol=wishes.protocol))
    outcomes = capture_bias(capture, loaded, beside, way, array=wishes.array, layer=wishes.layer)
    present(Found(bias=outcomes), loaded, capture.about.model, how)
