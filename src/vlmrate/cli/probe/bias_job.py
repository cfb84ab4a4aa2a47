"""From the options of `vlmrate probe bias` to what is stored and shown."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vlmrate.cli.probe.showing import present
from vlmrate.errors import ProbeError
from vlmrate.probe.answered import answered
from vlmrate.probe.bias import Beside, capture_bias
from vlmrate.probe.direction import FEATURE
from vlmrate.probe.found import Found
from vlmrate.probe.sparse.active import Features
from vlmrate.probe.sparse.store import open_dictionary
from vlmrate.probe.store import open_capture
from vlmrate.study.load import find_study, load_study

if TYPE_CHECKING:
    from vlmrate.cli.probe.showing import Showing
    from vlmrate.probe.separability import Way


@dataclass(frozen=True, slots=True)
class BiasWishes:
    """What is asked for: a capture of pictures, captures of texts, whose answers, and where; None as the capture says.

    `layer` None is chosen, and `array` None is every one. `features` are the names of some of the dictionary's.
    """

    file: Path
    texts: tuple[Path, ...]
    rater: str | None
    protocol: str | None
    array: str | None
    layer: int | None
    dictionary: Path | None
    features: tuple[str, ...]


def biased(wishes: BiasWishes, way: Way, *, study: Path | None, results: Path | None, how: Showing) -> None:
    """Open the captures, read the answers, and store and show what came of it.

    Raises:
        ProbeError: What is given as a capture of texts is none, or a dictionary without features, or these without it.
    """
    _refuse_half(wishes)
    loaded = load_study(find_study(study, Path.cwd()), results=results)
    capture = open_capture(wishes.file)
    texts = [open_capture(file) for file in wishes.texts]
    if (strange := next((text for text in texts if text.about.source != "texts"), None)) is not None:
        raise ProbeError(f"--text {strange.file.name}: was captured from pictures; capture texts with --text FILE")
    features = None
    if (file := wishes.dictionary) is not None:
        features = Features(open_dictionary(file), capture).pointed(file.stem, wishes.features)
    said = answered(loaded, capture.about, capture.ids, rater=wishes.rater, protocol=wishes.protocol)
    beside = Beside(texts, said, features)
    outcomes = capture_bias(capture, loaded, beside, way, array=wishes.array, layer=wishes.layer)
    present(Found(bias=outcomes), loaded, capture.about.model, how)


def _refuse_half(wishes: BiasWishes) -> None:
    other = next((name for name in wishes.features if not name.startswith(FEATURE)), None)
    if other is not None:
        raise ProbeError(
            f"--direction {other}: every emotion and every group is told; name only features, as {FEATURE}17"
        )
    if wishes.dictionary is None and wishes.features:
        raise ProbeError(
            f"--direction {wishes.features[0]}: a feature is one of a dictionary; name it with --dictionary"
        )
    if wishes.dictionary is not None and not wishes.features:
        raise ProbeError(
            f"--dictionary {wishes.dictionary.name}: name the features that you want told, as --direction {FEATURE}17; "
            "`vlmrate probe features list` says what they stand for"
        )
