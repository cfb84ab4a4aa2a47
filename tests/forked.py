"""Runs of `vlmrate` in processes of their own, forked from one that has everything imported.

A run imports for one to three seconds before it does anything. Here they are spent once: each run is still a process
with its own arguments, folder, environment, output and end, and goes through `vlmrate.cli.main.run` as the installed
command does. What belongs to an interpreter's start (which packages come with it, the order of hashes, what is read
from the environment while importing) is tested with `started_anew`. Where there is no fork to be had, every run is.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

VLMRATE = str(Path(sys.executable).with_name("vlmrate"))
NO_HUB = str(Path(__file__).parents[1] / "no-hub")
"""A cache of downloaded weights that is not there: the one variable of the environment that imports read."""
PANDAS = ("pandas", "scipy.stats", "vlmrate.study.load", "vlmrate.inference.prepare", "rich.console", "rich.table")
NEEDED = {
    "infer": ("vlmrate.cli.infer_job", "mlx_vlm", "mlx_vlm.models.gemma3"),
    "check": ("vlmrate.cli.check_job", "mlx_vlm", "mlx_vlm.models.gemma3"),
    "analyze": ("vlmrate.cli.analyze_job", "vlmrate.analysis", "vlmrate.report.write"),
    "report": ("vlmrate.cli.report_job", "vlmrate.report.write"),
}


def vlmrate(
    arguments: Sequence[str], *, cwd: Path, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the command with these arguments in a folder, with more variables in the environment; its output and end."""
    more = {"HF_HUB_CACHE": NO_HUB, **(environment or {})}
    if sys.platform != "linux" or more["HF_HUB_CACHE"] != NO_HUB:
        return started_anew(arguments, cwd=cwd, environment=more)
    with tempfile.TemporaryDirectory() as folder:
        outputs = Path(folder, "output"), Path(folder, "errors")
        code = begin(arguments, cwd=cwd, environment=more, outputs=outputs).wait()
        output, errors = (file.read_text(encoding="utf-8") for file in outputs)
    return subprocess.CompletedProcess([VLMRATE, *arguments], code, output, errors)


def started_anew(
    arguments: Sequence[str], *, cwd: Path, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the installed command in an interpreter of its own."""
    variables = os.environ | {"HF_HUB_CACHE": NO_HUB, **(environment or {})}
    return subprocess.run([VLMRATE, *arguments], cwd=cwd, env=variables, capture_output=True, text=True, check=False)


@dataclass(frozen=True, slots=True)
class Run:
    """A run that goes on beside the test."""

    pid: int

    def poll(self) -> int | None:
        """Its exit status, negative for a signal, or None while it goes on."""
        return _server().ask({"poll": self.pid})  # type: ignore[no-any-return]

    def wait(self) -> int:
        """Its exit status when it has ended; to be asked once, as `poll` that gave one."""
        return _server().ask({"wait": self.pid})  # type: ignore[no-any-return]


def begin(
    arguments: Sequence[str],
    *,
    cwd: Path,
    environment: Mapping[str, str] | None = None,
    outputs: tuple[Path, Path] = (Path(os.devnull), Path(os.devnull)),
) -> Run:
    """Start a run whose output and errors go to two files."""
    variables = os.environ | dict(environment or {})
    order = {"arguments": list(arguments), "cwd": str(cwd), "environment": dict(variables)}
    return Run(_server().ask(order | {"outputs": [str(file) for file in outputs]}))


class _Server:
    """The process that forks."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            env=os.environ | {"HF_HUB_CACHE": NO_HUB},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        atexit.register(self._end)

    def ask(self, order: dict[str, Any]) -> Any:
        print(json.dumps(order), file=self._process.stdin, flush=True)
        return json.loads(self._process.stdout.readline())  # type: ignore[union-attr]

    def _end(self) -> None:
        self._process.stdin.close()  # type: ignore[union-attr]
        self._process.wait()


@cache
def _server() -> _Server:
    return _Server()


def _serve() -> None:
    """Fork a run for every order; returns in a process that was forked, which has become what was ordered."""
    orders, answers = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    for line in orders:
        order = json.loads(line)
        answer: int | None
        if "arguments" in order:
            for name in (*PANDAS, *NEEDED.get(order["arguments"][0], ())):
                with suppress(ImportError):  # mlx has no wheel for this machine: the run will say so
                    importlib.import_module(name)
            gc.freeze()
            answer = os.fork()
            if answer == 0:
                return _become(order)
        elif "poll" in order:
            pid, status = os.waitpid(order["poll"], os.WNOHANG)
            answer = os.waitstatus_to_exitcode(status) if pid else None
        else:
            answer = os.waitstatus_to_exitcode(os.waitpid(order["wait"], 0)[1])
        print(json.dumps(answer), file=answers, flush=True)
    os._exit(0)


def _become(order: dict[str, Any]) -> None:
    for number, file in enumerate(order["outputs"], start=1):
        opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    os.environ.clear()
    os.environ.update(order["environment"])
    os.chdir(order["cwd"])
    sys.argv = [VLMRATE, *order["arguments"]]


if __name__ == "__main__":
    del sys.path[0]  # this folder, which an installed command knows nothing of
    from vlmrate.cli.main import run

    _serve()
    run()
