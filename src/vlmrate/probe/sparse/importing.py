"""Dictionaries of others: weights from a safetensors or npz file, found by the names in a file of key names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import ValidationError

from vlmrate.errors import ProbeError
from vlmrate.probe.sparse.dictionary import Dictionary
from vlmrate.probe.sparse.records import DictionaryAbout, DictionaryKeys
from vlmrate.probe.sparse.store import sides
from vlmrate.probe.sparse.tensors import open_npz, open_safetensors
from vlmrate.resources import configs_folder
from vlmrate.study.faults import shown
from vlmrate.study.yamlfile import read_yaml

if TYPE_CHECKING:
    from pathlib import Path

    from vlmrate.probe.sparse.tensors import TensorFile

SHIPPED = "dictionaries"
"""The folder of key names that travel along, in that of configurations."""
NPZ = ".npz"
SAFETENSORS = ".safetensors"


@dataclass(frozen=True, slots=True)
class Place:
    """Where imported weights belong: model, array and layer, and the width of the stream there (None: not known)."""

    model: str | None
    model_digest: str
    array: str
    layer: int
    width: int | None


def read_keys(file: Path) -> DictionaryKeys:
    """A file of key names; a name alone is also looked for among those shipped, such as gemma-scope-2.yaml.

    Raises:
        ProbeError: There is no such file, or something in it is wrong.
    """
    file = _located(file)
    read, faults = read_yaml(file)
    if read is None or faults:
        raise ProbeError(str(faults[0]))
    try:
        return DictionaryKeys.model_validate(read.content)
    except ValidationError as error:
        first: Any = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ProbeError(f"{shown(file)}{', key ' + key if key else ''}: {first['msg']}") from None


def import_dictionary(weights: Path, keys: DictionaryKeys, place: Place) -> Dictionary:
    """The dictionary that a file of weights holds.

    Raises:
        ProbeError: A tensor is missing or of another shape than the others ask for, holds no finite floating-point
            numbers, a threshold is below 0, or the dictionary is for another width than the model's.
    """
    stored = _opened(weights)
    names = keys.tensors.by_part
    for part, name in names.items():
        if name not in stored.names:
            raise ProbeError(
                f"{shown(weights)} has no {name}, which the key names ask for as {part.replace('_', ' ')}; it has "
                f"{', '.join(sorted(stored.names)[:12]) or 'nothing'}: name the right ones with --keys"
            )
    size, width = _sizes(weights, stored, keys)
    _refuse_other_width(weights, width, place)
    parts = {part: stored.numbers(name) for part, name in names.items()}
    if "threshold" in parts and parts["threshold"].min() < 0:
        raise ProbeError(
            f"{shown(weights)}, {names['threshold']}: holds numbers below 0, and thresholds are above; check --keys "
            "(some weights hold their logarithms)"
        )
    if keys.encoder != "width x size":
        parts["encoder"] = np.ascontiguousarray(parts["encoder"].T)
    if keys.decoder != "size x width":
        parts["decoder"] = np.ascontiguousarray(parts["decoder"].T)
    return Dictionary(_about(weights, keys, place, size, width), **parts)


def _about(weights: Path, keys: DictionaryKeys, place: Place, size: int, width: int) -> DictionaryAbout:
    if keys.k is not None and keys.k > size:
        raise ProbeError(f"{shown(weights)} has {size} features, and the key names say that {keys.k} are kept")
    return DictionaryAbout(
        model=place.model,
        model_digest=place.model_digest,
        array=place.array,
        layer=place.layer,
        width=width,
        size=size,
        kind=keys.kind,
        k=keys.k,
        centred=keys.centred,
        made={"how": "imported", "file": weights.name},
    )


def _opened(weights: Path) -> TensorFile:
    if weights.suffix.lower() == NPZ:
        return open_npz(weights)
    if weights.suffix.lower() == SAFETENSORS:
        return open_safetensors(weights, absent=f"there is no file {shown(weights)}", again="get the file again")
    raise ProbeError(f"{shown(weights)}: weights are read from .safetensors or .npz files; convert it to one")


def _sizes(weights: Path, stored: TensorFile, keys: DictionaryKeys) -> tuple[int, int]:
    """Number of features and width, as the decoder has them; every other tensor must fit."""
    names = keys.tensors.by_part
    decoder = stored.shape(names["decoder"])
    if len(decoder) != 2 or 0 in decoder:
        raise ProbeError(
            f"{shown(weights)}, {names['decoder']}: is {sides(decoder)}, and a decoder is {keys.decoder}; this is no "
            "dictionary of one layer"
        )
    size, width = decoder if keys.decoder == "size x width" else decoder[::-1]
    asked = {
        "encoder": (width, size) if keys.encoder == "width x size" else (size, width),
        "encoder_bias": (size,),
        "decoder_bias": (width,),
        "threshold": (size,),
    }
    for part, name in names.items():
        if part != "decoder" and (found := stored.shape(name)) != asked[part]:
            raise ProbeError(
                f"{shown(weights)}, {name}: is {sides(found)}, where {names['decoder']} of {size} features {width} "
                f"wide asks for {sides(asked[part])}; check --keys, or take a dictionary of one layer"
            )
    return size, width


def _refuse_other_width(weights: Path, width: int, place: Place) -> None:
    if place.width is not None and width != place.width:
        raise ProbeError(
            f"{shown(weights)} is for a layer {width} wide, and {place.array} of {place.model or 'the model'} is "
            f"{place.width} wide; take a dictionary that was made for this model"
        )


def _located(file: Path) -> Path:
    if file.exists() or file.is_absolute() or ".." in file.parts:
        return file
    top = configs_folder()
    return next((shipped for shipped in (top / file, top / SHIPPED / file) if shipped.exists()), file)
