"""FER networks by name: those of models.yaml, and what of them is on this machine."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from vlmrate.errors import RaterError
from vlmrate.raters.fer.answers import plan_answers
from vlmrate.raters.fer.entry import FerEntry
from vlmrate.raters.model import Model, entry_of
from vlmrate.resources import faceapi_folder

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vlmrate.raters.fer.rater import FerRater
    from vlmrate.raters.model import Named, Request
    from vlmrate.study.records import Item

INSTALL = "pip install 'vlmrate[fer]'"
_PACKAGES = {"onnxruntime": "onnxruntime", "cv2": "opencv-python"}


def fer_model(asked: Named) -> FerModel:
    """A network of models.yaml.

    Raises:
        RaterError: There is no such entry, or it has a mistake.
    """
    entry = entry_of(asked, FerEntry)
    return FerModel(asked.name, entry, _located(entry, asked.file))


class FerModel(Model):
    """A network that recognises facial expressions; `file` may not be there yet."""

    native = True

    def __init__(self, name: str, entry: FerEntry, file: Path) -> None:
        super().__init__(name)
        self.entry = entry
        self.file = file

    @property
    def kind(self) -> str:
        """fer."""
        return "fer"

    @property
    def source(self) -> str:
        """The file, or that it travels along."""
        return self.entry.onnx or "travels with vlmrate"

    @property
    def about(self) -> Mapping[str, str]:
        """File, family, parameters."""
        known = {"model": self.source, "family": self.entry.family, "parameters": self.entry.parameters}
        return {name: value for name, value in known.items() if value is not None}

    @property
    def note(self) -> str | None:
        """As models.yaml says."""
        return self.entry.note

    @property
    def size(self) -> str:
        """As models.yaml says."""
        return self.entry.parameters or ""

    def answers(self, items: Sequence[Item]) -> tuple[Item, ...]:
        """Those of a study's items that the network's labels and numbers answer.

        Raises:
            RaterError: There is none.
        """
        return plan_answers(self.name, self.entry, items).items(items)

    def missing(self) -> str | None:
        """What to do about a file or packages that are not on this machine."""
        return self._missing_file() or self._missing_packages()

    def remedy(self) -> str | None:
        """The command that brings missing packages."""
        return INSTALL if self._missing_file() is None and self._missing_packages() is not None else None

    def _missing_file(self) -> str | None:
        if self.file.is_file():
            return None
        fetch = self.entry.fetch or "put it there, or correct onnx in models.yaml"
        return f"its network is not on this machine ({self.source}); {fetch}"

    def _missing_packages(self) -> str | None:
        absent = [package for module, package in _PACKAGES.items() if find_spec(module) is None]
        return f"it needs {' and '.join(absent)}, which {INSTALL} brings" if absent else None

    def make(self, requests: Sequence[Request]) -> tuple[FerRater, ...]:
        """Load the network once and make it a rater a request.

        Raises:
            RaterError: The file or a package is missing, the network does not fit its description, it answers no item
                of the study, or a request asks for what it cannot do.
        """
        for request in requests:
            self._refuse_unknown(request, ())
        problem = self.missing() or fer_problem()
        if problem is not None:
            raise RaterError(f"{self.name} cannot rate yet: {problem}")
        from vlmrate.raters.fer.face import Detector
        from vlmrate.raters.fer.network import load_network
        from vlmrate.raters.fer.rater import FerRater

        plans = [plan_answers(self.name, self.entry, request.items) for request in requests]
        network = load_network(self.name, self.file, self.entry)
        detector = Detector(self.entry.crop) if self.entry.crop.detector == "haar" else None
        return tuple(FerRater(self.entry, network, detector, plan) for plan in plans)


def fer_problem() -> str | None:
    """Why networks cannot run on this machine although their packages are there; None when they can."""
    try:
        import cv2  # noqa: F401
        import onnxruntime  # noqa: F401
    except ImportError as error:
        return (
            f"a package cannot be imported ({error}); where a system library such as libGL is lacking, "
            "`pip install 'opencv-python-headless>=4.12,<5'` does without it"
        )
    return None


def _located(entry: FerEntry, file: Path | None) -> Path:
    if entry.onnx is None:
        return faceapi_folder() / "expression.onnx"
    beside = file.parent if file is not None else Path()
    return beside / Path(entry.onnx).expanduser()
