"""Every exception of vlmrate, and the exit code each one stands for.

A message is one sentence or two for the person at the terminal: what is wrong, where (file, row, column), and what
to do about it.
"""

from __future__ import annotations

from typing import ClassVar


class VlmrateError(Exception):
    """Base of all errors that vlmrate raises on purpose."""

    exit_code: ClassVar[int] = 2


class StudyError(VlmrateError):
    """A study, its stimuli or its ratings are not usable as given."""


class ProtocolError(VlmrateError):
    """A protocol or one of its templates is not usable as given."""


class RaterError(VlmrateError):
    """A rater cannot be made: unknown name, missing weights, missing package, unsuitable model."""


class AskError(VlmrateError):
    """A rater could not be brought to answer about one picture.

    `attempts` is how often it was asked, `cost` what these attempts cost (None: not known).
    """

    def __init__(self, message: str, *, attempts: int = 1, cost: float | None = None) -> None:
        super().__init__(message)
        self.attempts = attempts
        self.cost = cost


class RaterGoneError(AskError):
    """A rater is not there any more, such as a server that no longer answers."""


class ImageError(VlmrateError):
    """One picture cannot be read, or is refused."""


class StoreError(VlmrateError):
    """A results folder holds something that does not fit the run asked for."""


class RunStoppedError(VlmrateError):
    """A run ended before all images were rated because too many of them failed."""

    exit_code = 1


class AnalysisError(VlmrateError):
    """There is nothing that could be analyzed, or it does not fit the study."""


class ProbeError(VlmrateError):
    """What is inside a model cannot be read or changed as asked, or a capture of it cannot be used as given."""


class CheckError(VlmrateError):
    """A baseline cannot be used, or a check against it could not be carried out."""
