"""A dictionary on disk: one safetensors file, everything in it checked when it is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from vlmrate.errors import ProbeError, StoreError
from vlmrate.inference.files import TEMPORARY
from vlmrate.probe.sparse.dictionary import Dictionary
from vlmrate.probe.sparse.records import FORMAT, DictionaryAbout
from vlmrate.probe.sparse.tensors import open_safetensors, write_tensors
from vlmrate.study.faults import shown

if TYPE_CHECKING:
    from pathlib import Path

    from vlmrate.probe.sparse.tensors import SafetensorsFile
    from vlmrate.probe.store import Capture

SUFFIX = ".safetensors"


def write_dictionary(file: Path, dictionary: Dictionary) -> None:
    """Store a dictionary; equal dictionaries make equal files, byte for byte.

    Raises:
        ProbeError: Another kind of file is there and would be lost.
        StoreError: It cannot be written.
    """
    refuse_other_file(file)
    metadata = {"format": FORMAT, "about": dictionary.about.model_dump_json()}
    unfinished = file.with_name(f".{file.name}{TEMPORARY}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with unfinished.open("wb") as stream:
            write_tensors(stream, metadata, {name: getattr(dictionary, name) for name in shapes_of(dictionary.about)})
        unfinished.replace(file)
    except OSError as error:
        raise StoreError(f"{shown(file)} cannot be written: {error.strerror or error}") from error


def refuse_other_file(file: Path) -> None:
    """See to it that what a dictionary would replace is one.

    Raises:
        ProbeError: It is another kind of file, such as the capture that was trained on.
    """
    if not file.exists():
        return
    try:
        found = open_safetensors(file, absent="", again="").metadata("format")
    except ProbeError:
        found = None
    if found != FORMAT:
        raise ProbeError(f"{shown(file)} is there and is no dictionary, so it is not replaced; name another file")


def open_dictionary(file: Path) -> Dictionary:
    """Read a dictionary.

    Raises:
        ProbeError: It is none, lacks a tensor, has one of another kind or shape, or holds what is no finite number.
    """
    stored = open_safetensors(
        file,
        absent=f"there is no dictionary {shown(file)}; make it with `vlmrate probe features train`, or bring one in "
        "with `vlmrate probe features import`",
        again="train or import it anew",
    )
    about = _about(stored)
    shapes = shapes_of(about)
    for name, shape in shapes.items():
        _refuse_other(stored, name, shape)
    return Dictionary(about, **{name: stored.numbers(name) for name in shapes})


def refuse_unfit(dictionary: Dictionary, capture: Capture) -> None:
    """See to it that a dictionary is of the model, the layer and the width that a capture has.

    Raises:
        ProbeError: It is not; one sentence says in what.
    """
    about, name = dictionary.about, shown(capture.file)
    if about.model_digest != capture.about.model_digest:
        raise ProbeError(
            f"the dictionary belongs to another model ({about.model or 'not named'}, digest "
            f"{about.model_digest[:12]}) than {name} ({capture.about.model}, {capture.about.model_digest[:12]}); use "
            "one of the same model"
        )
    refuse_unfit_place(about, capture)


def refuse_unfit_place(about: DictionaryAbout, capture: Capture) -> None:
    """See to it that a capture has a dictionary's layer, of its width.

    Raises:
        ProbeError: It has not.
    """
    layers = capture.layers(about.array)
    if about.layer >= layers:
        raise ProbeError(
            f"{shown(capture.file)}, array {about.array}: has layers 0 to {layers - 1}, and the dictionary is for "
            f"layer {about.layer}; name one of these with --layer, or another capture"
        )
    found = capture.about.array(about.array)
    if found is not None and found.width != about.width:
        raise ProbeError(
            f"the dictionary is for a layer {about.width} wide, and {shown(capture.file)}, array {about.array}, is "
            f"{found.width} wide; use a dictionary that was made for this model"
        )


def shapes_of(about: DictionaryAbout) -> dict[str, tuple[int, ...]]:
    """Every tensor of a dictionary, in the order of the file."""
    width, size = about.width, about.size
    shapes: dict[str, tuple[int, ...]] = {
        "encoder": (width, size),
        "encoder_bias": (size,),
        "decoder": (size, width),
        "decoder_bias": (width,),
    }
    return shapes | ({"threshold": (size,)} if about.kind == "jumprelu" else {})


def _about(stored: SafetensorsFile) -> DictionaryAbout:
    if (found := stored.metadata("format")) != FORMAT:
        raise ProbeError(
            f"{shown(stored.file)} is no dictionary of the format {FORMAT} (its metadata name: {found or 'none'}); "
            "weights of others are brought in with `vlmrate probe features import`"
        )
    try:
        return DictionaryAbout.model_validate_json(str(stored.metadata("about")))
    except ValidationError as error:
        first: Any = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        where = f"{shown(stored.file)}, metadata about{', key ' + key if key else ''}"
        raise ProbeError(f"{where}: {first['msg']}") from None


def _refuse_other(stored: SafetensorsFile, name: str, shape: tuple[int, ...]) -> None:
    if name not in stored.names:
        raise ProbeError(f"{shown(stored.file)} is no whole dictionary: it has no tensor {name}; make it anew")
    if (found := stored.shape(name)) != shape:
        raise ProbeError(
            f"{shown(stored.file)}, tensor {name}: is {sides(found)}, where its metadata ask for {sides(shape)}"
        )


def sides(shape: tuple[int, ...]) -> str:
    """A shape in words: 64 x 256."""
    return " x ".join(map(str, shape)) or "a single number"
