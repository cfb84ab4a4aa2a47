"""A network as an ONNX file, run on the processor: a cut-out face in, outputs by name out."""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from vlmrate.errors import RaterError
from vlmrate.study.faults import shown

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from vlmrate.raters.fer.entry import FerEntry, InputEntry

_QUIET = 4
_ELSEWHERE = "session.model_external_initializers_file_folder_path"


@dataclass(frozen=True, slots=True)
class Network:
    """A network that is loaded and known to fit its description; `digest` is the SHA-256 (hex) of its file."""

    session: Any
    digest: str

    def outputs(self, tensor: NDArray[np.float32]) -> Mapping[str | None, NDArray[np.float32]]:
        """All outputs for one picture by name, each as a row of numbers; the first one is under None as well."""
        names = [output.name for output in self.session.get_outputs()]
        values = [np.asarray(value, np.float32).reshape(-1) for value in self.session.run(names, self._fed(tensor))]
        return {None: values[0], **dict(zip(names, values, strict=True))}

    def _fed(self, tensor: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        return {given.name: tensor for given in self.session.get_inputs()}


def to_tensor(face: NDArray[np.uint8], described: InputEntry, resize: str = "linear") -> NDArray[np.float32]:
    """An RGB cut-out as the network takes it."""
    import cv2

    how = {"linear": cv2.INTER_LINEAR, "area": cv2.INTER_AREA}[resize]
    small = cv2.resize(face, (described.size, described.size), interpolation=how)
    channels = {"rgb": small, "bgr": small[..., ::-1], "gray": cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)}
    picture = channels[described.channels].reshape(described.size, described.size, described.depth)
    low, high = described.pixels
    numbers = picture.astype(np.float32) / np.float32(255) * np.float32(high - low) + np.float32(low)
    numbers = (numbers - np.asarray(described.mean, np.float32)) / np.asarray(described.std, np.float32)
    if described.layout == "NCHW":
        numbers = numbers.transpose(2, 0, 1)
    return np.ascontiguousarray(numbers[None], dtype=np.float32)


def load_network(name: str, file: Path, entry: FerEntry) -> Network:
    """Load a network and try it on a black picture.

    Raises:
        RaterError: The file is not the one expected, is no network that can be run, or does not fit its description.
    """
    content = _read(file)
    digest = hashlib.sha256(content).hexdigest()
    if entry.sha256 is not None and digest != entry.sha256:
        raise RaterError(
            f"{shown(file)} is not the file that models.yaml describes as {name}: its SHA-256 begins with "
            f"{digest[:12]}, not {entry.sha256[:12]}; fetch it anew, or correct sha256 there"
        )
    network = Network(_session(file, content), digest)
    _refuse_unfit(name, file, network, entry)
    return network


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise RaterError(f"{shown(file)} cannot be read: {error.strerror or error}") from None


def _session(file: Path, content: bytes) -> Any:
    """The session; weights outside the file are looked for in an empty folder, so that none is read from elsewhere."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = _QUIET
    # One thread is as fast for networks as small as these, and adds up numbers in one order.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    with tempfile.TemporaryDirectory() as nothing:
        options.add_session_config_entry(_ELSEWHERE, nothing)
        try:
            return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        except _errors() as error:
            raise RaterError(
                f"{shown(file)} cannot be run by onnxruntime (its weights must be inside the one file): "
                f"{' '.join(str(error).split())}"
            ) from None


def _errors() -> tuple[type[Exception], ...]:
    """What onnxruntime raises; its errors have no class in common."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    return (
        state.Fail, state.InvalidArgument, state.InvalidGraph, state.InvalidProtobuf, state.NoModel,
        state.NoSuchFile, state.NotImplemented, state.RuntimeException,
    )  # fmt: skip


def _refuse_unfit(name: str, file: Path, network: Network, entry: FerEntry) -> None:
    where = f"{shown(file)} does not fit what models.yaml says of {name}"
    inputs = [given.name for given in network.session.get_inputs()]
    if len(inputs) != 1 or entry.input.name not in (None, inputs[0]):
        raise RaterError(f"{where}: it takes {', '.join(inputs)}, not {entry.input.name or 'one picture'}")
    try:
        outputs = network.outputs(np.zeros(entry.input.shape, dtype=np.float32))
    except _errors() as error:
        raise RaterError(f"{where}: it does not take {entry.input.shape} ({' '.join(str(error).split())})") from None
    for output, wanted in _wanted(entry):
        if output not in outputs:
            raise RaterError(f"{where}: it has no output {output}; it has {', '.join(filter(None, outputs))}")
        if len(outputs[output]) < wanted:
            has = f"output {output}" if output else "its first output"
            raise RaterError(f"{where}: {has} has {len(outputs[output])} numbers, {wanted} are needed")


def _wanted(entry: FerEntry) -> list[tuple[str | None, int]]:
    """Each output described (None: the first), and how many numbers it must have."""
    wanted = [(scale.output, scale.index + 1) for scale in entry.scales]
    if entry.labels is not None:
        wanted.append((entry.labels.output, entry.labels.first + len(entry.labels.names)))
    return wanted
