"""A second process gives what this one would have given."""

from __future__ import annotations

import operator
import os
import pickle
import signal
from pathlib import Path
from types import MappingProxyType

import pytest

from vlmrate import parallel
from vlmrate.errors import AnalysisError
from vlmrate.parallel import ALONE, helper
from vlmrate.study.records import Stimulus


@pytest.fixture
def two_cores(monkeypatch):
    """As on a machine with a core to spare."""
    monkeypatch.setattr(parallel, "cores", lambda: 2)


def test_work_is_done_in_another_process_and_its_result_comes_back(two_cores):
    """Were it done here, nothing would be gained."""
    with helper() as second:
        begun = second.start(os.getpid), second.start(operator.add, 1, 2)
        assert not second.alone
        assert begun[0]() != os.getpid()
        assert begun[1]() == 3


def test_what_the_work_raises_is_raised_where_its_result_is_asked_for(two_cores):
    """An error of the analysis must reach the user as it would without a second process."""
    with helper() as second:
        failed = second.start(_refuse, "the reason")
        with pytest.raises(AnalysisError, match="the reason"):
            failed()


def test_a_second_process_that_dies_leaves_its_work_to_this_one(two_cores):
    """A system short of memory kills processes: the analysis goes on, only slower."""
    here = os.getpid()
    with helper() as second:
        assert second.start(_die_unless, here)() == here


def test_without_need_or_a_second_core_all_is_done_here(monkeypatch):
    """Small studies and machines of one core start no process."""
    with helper(wanted=False) as unwanted:
        assert unwanted is ALONE
    monkeypatch.setattr(parallel, "cores", lambda: 1)
    with helper() as none:
        assert none is ALONE
        assert none.start(os.getpid)() == os.getpid()


def test_a_stimulus_travels_to_another_process_and_stays_unwritable():
    """The whole study is sent along; its mappings must not become writable on the way."""
    sent = Stimulus("a.jpg", Path("a.jpg"), MappingProxyType({"emotion": "sad"}))
    there = pickle.loads(pickle.dumps(sent))  # noqa: S301 - our own
    assert there == sent
    assert isinstance(there.factors, MappingProxyType)


def _refuse(reason: str) -> None:
    raise AnalysisError(reason)


def _die_unless(pid: int) -> int:
    if os.getpid() != pid:
        os.kill(os.getpid(), signal.SIGKILL)
    return pid
