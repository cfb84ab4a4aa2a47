"""One BLAS thread while fitting: on small systems two threads wait for each other longer than they compute."""

from __future__ import annotations

from functools import cache, wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from threadpoolctl import ThreadpoolController

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

Asked = ParamSpec("Asked")
Answer = TypeVar("Answer")


@cache
def _controller() -> ThreadpoolController:
    """The BLAS libraries loaded, looked up once: looking takes longer than a small fit."""
    return ThreadpoolController()


def one_blas_thread() -> AbstractContextManager[Any]:
    """A context within which BLAS uses one thread; the former number is restored at its end."""
    limited: AbstractContextManager[Any] = _controller().limit(limits=1, user_api="blas")
    return limited


def on_one_thread(function: Callable[Asked, Answer]) -> Callable[Asked, Answer]:
    """The function, run within `one_blas_thread`."""

    @wraps(function)
    def limited(*args: Asked.args, **kwargs: Asked.kwargs) -> Answer:
        with one_blas_thread():
            return function(*args, **kwargs)

    return limited
