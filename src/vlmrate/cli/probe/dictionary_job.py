"""From the options of `vlmrate probe features train` and `import` to a dictionary's file and what is said of it."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from vlmrate.errors import ProbeError
from vlmrate.probe.sparse.importing import Place, import_dictionary, read_keys
from vlmrate.probe.sparse.store import SUFFIX, refuse_other_file, refuse_unfit_place, write_dictionary
from vlmrate.probe.sparse.training import train_dictionary
from vlmrate.probe.store import open_capture
from vlmrate.report.format import interval, number
from vlmrate.report.jsonfile import as_json as json_of
from vlmrate.report.table import Style
from vlmrate.stats import Skipped
from vlmrate.study.faults import shown
from vlmrate.study.load import find_study, load_study

if TYPE_CHECKING:
    from vlmrate.probe.sparse.dictionary import Dictionary
    from vlmrate.probe.sparse.records import DictionaryAbout
    from vlmrate.probe.sparse.train import Training
    from vlmrate.probe.sparse.training import Trained
    from vlmrate.stats import Outcome

DICTIONARIES = "dictionaries"
"""The folder of a rater's dictionaries, beside that of its captures."""
_DIGEST = re.compile(r"[0-9a-f]{64}")
_UNFIT = re.compile(r"[^\w.-]+")


def trained(
    capture: Path,
    array: str,
    layer: int,
    training: Training,
    *,
    study: Path | None,
    results: Path | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """Train a dictionary on a capture, store it, and say how well it does on identities held out."""
    _refuse_place(out)
    opened = open_capture(capture)
    loaded = load_study(find_study(study, Path.cwd()), results=results)
    made = train_dictionary(opened, loaded, array, layer, training)
    about = made.dictionary.about
    folder = loaded.results / loaded.name / _plain(about.model or "model") / DICTIONARIES
    file = out or folder / f"{_plain(about.array)}_layer{layer}_top{training.k}of{training.size}{SUFFIX}"
    stored = _stored(file, made.dictionary)
    if as_json:
        _print_json(about, file, _judgement(made))
        return
    _say(
        f"{about.model}: {about.size:,} features of {about.array}, layer {about.layer}, {about.k} of them an image, "
        f"trained on {made.rows:,} rows.",
        f"On {made.held_out:,} rows of {made.identities:,} identities held out: share of variance explained "
        f"{_told(made.explained, Style.BOUNDED)}, features active {_told(made.active, Style.POINTS)}.",
        f"{made.dead:,} features are dead: no row trained on activates them.",
        stored,
    )


def imported(
    weights: Path,
    keys: Path,
    array: str,
    layer: int,
    *,
    capture: Path | None,
    model_digest: str | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """Bring in somebody else's weights as a dictionary, and store it."""
    _refuse_place(out)
    place = _place(array, layer, capture, model_digest)
    dictionary = import_dictionary(weights, read_keys(keys), place)
    if capture is not None:
        refuse_unfit_place(dictionary.about, open_capture(capture))
    file = out or weights.with_name(f"{weights.stem}-dictionary{SUFFIX}")
    stored = _stored(file, dictionary)
    about = dictionary.about
    if as_json:
        _print_json(about, file, {})
        return
    _say(f"{about.size:,} features {about.width:,} wide, {_kind(dictionary)}.", stored)


def _place(array: str, layer: int, capture: Path | None, model_digest: str | None) -> Place:
    if (capture is None) == (model_digest is None):
        raise ProbeError(
            "a dictionary belongs to one model: name a capture of it with --capture, or its digest with --model-digest"
        )
    if capture is None:
        digest = str(model_digest).lower()
        if not _DIGEST.fullmatch(digest):
            raise ProbeError(f"--model-digest {model_digest}: a digest is 64 hexadecimal digits, as in a capture")
        return Place(None, digest, array, layer, None)
    opened = open_capture(capture)
    opened.layers(array)
    found = opened.about.array(array)
    return Place(opened.about.model, opened.about.model_digest, array, layer, found.width if found else None)


def _refuse_place(out: Path | None) -> None:
    """See to it before the work that a dictionary can be stored there."""
    if out is None:
        return
    if out.suffix != SUFFIX:
        raise ProbeError(f"--out {out}: a dictionary is a {SUFFIX} file; name it so")
    refuse_other_file(out)


def _stored(file: Path, dictionary: Dictionary) -> str:
    """Store it, and say where, and whether in the place of an earlier one."""
    replaced = ", in place of an earlier one" if file.exists() else ""
    write_dictionary(file, dictionary)
    return f"The dictionary is {shown(file)}{replaced}."


def _kind(dictionary: Dictionary) -> str:
    about = dictionary.about
    return f"{about.k} of them an image" if about.k is not None else "each above its own threshold"


def _told(outcome: Outcome, style: Style) -> str:
    """A number with its interval, or why there is none."""
    if isinstance(outcome, Skipped):
        return f"not told ({outcome.reason})"
    return f"{number(outcome.value, style)} {interval(outcome, style)}"


def _judgement(made: Trained) -> dict[str, Any]:
    return {
        "rows": made.rows,
        "held_out": made.held_out,
        "identities_held_out": made.identities,
        "explained": json_of(made.explained, "explained"),
        "active": json_of(made.active, "active"),
        "dead": made.dead,
    }


def _plain(words: str) -> str:
    return _UNFIT.sub("-", words).strip("-.") or "model"


def _say(*sentences: str) -> None:
    console = Console(highlight=False)
    for sentence in sentences:
        console.print(Text(sentence), soft_wrap=True)


def _print_json(about: DictionaryAbout, file: Path, more: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(about.model_dump() | {"file": str(file)} | more, indent=2) + "\n")
