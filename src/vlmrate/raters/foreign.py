"""The border to raters of other packages: what goes wrong in their code is told as theirs, in one sentence."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from vlmrate.errors import RaterError, VlmrateError
from vlmrate.raters.model import Model

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from vlmrate.raters.base import Rater
    from vlmrate.raters.model import Request
    from vlmrate.study.records import Item

T = TypeVar("T")


@contextmanager
def blaming(package: str, kind: str, what: str) -> Iterator[None]:
    """Turn whatever a package's code raises into a RaterError that names the package and `what` failed.

    Raises:
        RaterError: Something was raised. Errors of vlmrate's own classes pass as they are: they are made for people.
    """
    try:
        yield
    except VlmrateError:
        raise
    except Exception as error:  # the border of code that is not ours
        raise RaterError(
            f"the package {package}, which adds raters of kind {kind}:, failed {what}: {type(error).__name__}: "
            f"{' '.join(str(error).split())}; tell its authors, or remove it"
        ) from error


class ForeignModel(Model):
    """A model of another package, with the border around everything that it is asked."""

    def __init__(self, model: object, package: str, kind: str) -> None:
        if not isinstance(model, Model):
            raise TypeError(f"made a {type(model).__name__} where a vlmrate.raters.Model is wanted")
        super().__init__(model.name)
        self.model = model
        self._package = package
        self._plugin = kind
        self.native = model.native

    def _ask(self, what: str, answer: Callable[[], T]) -> T:
        with blaming(self._package, self._plugin, f"at {what} of {self.name}"):
            return answer()

    @property
    def kind(self) -> str:
        """As the package says."""
        return self._ask("kind", lambda: self.model.kind)

    @property
    def source(self) -> str:
        """As the package says."""
        return self._ask("source", lambda: self.model.source)

    def make(self, requests: Sequence[Request]) -> tuple[Rater, ...]:
        """One rater a request, as the package makes them.

        Raises:
            RaterError: The package refuses, fails, or makes something else.
        """
        return self._ask("make", lambda: _checked(self.model.make(requests), len(requests)))

    def missing(self) -> str | None:
        """As the package says."""
        return self._ask("missing", lambda: self.model.missing())

    def remedy(self) -> str | None:
        """As the package says."""
        return self._ask("remedy", lambda: self.model.remedy())

    def warning(self) -> str | None:
        """As the package says."""
        return self._ask("warning", lambda: self.model.warning())

    @property
    def rater_name(self) -> str:
        """As the package says."""
        return self._ask("rater_name", lambda: self.model.rater_name)

    @property
    def temperature(self) -> float:
        """As the package says."""
        return self._ask("temperature", lambda: self.model.temperature)

    @property
    def priced(self) -> bool:
        """As the package says."""
        return self._ask("priced", lambda: self.model.priced)

    def answers(self, items: Sequence[Item]) -> tuple[Item, ...]:
        """As the package says."""
        return self._ask("answers", lambda: tuple(self.model.answers(items)))

    @property
    def about(self) -> Mapping[str, str]:
        """As the package says."""
        return self._ask("about", lambda: self.model.about)

    @property
    def note(self) -> str | None:
        """As the package says."""
        return self._ask("note", lambda: self.model.note)

    @property
    def size(self) -> str:
        """As the package says."""
        return self._ask("size", lambda: self.model.size)

    @property
    def quantisation(self) -> str:
        """As the package says."""
        return self._ask("quantisation", lambda: self.model.quantisation)


def _checked(raters: Sequence[Rater], wanted: int) -> tuple[Rater, ...]:
    """The raters, if there are as many as wanted and their settings can be recorded."""
    found = tuple(raters)
    if len(found) != wanted:
        raise ValueError(f"made {len(found)} raters for {wanted} requests")
    for rater in found:
        for name, value in rater.settings.items():
            if not isinstance(name, str) or not isinstance(value, (str, int, float, bool, type(None))):
                raise TypeError(f"the setting {name!r} is {value!r}; settings are texts, numbers, True, False or None")
        if not isinstance(rater.workers, int) or rater.workers < 1:
            raise ValueError(f"workers is {rater.workers!r}, and must be a whole number from 1")
    return found
