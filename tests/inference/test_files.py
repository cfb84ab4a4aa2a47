"""Files are whole or absent, whatever happens in between."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from typing import TYPE_CHECKING

from vlmrate.inference.files import append_line, exclusive, remove_temporaries, write_atomically

if TYPE_CHECKING:
    from pathlib import Path


def test_a_written_file_holds_exactly_the_text(tmp_path: Path) -> None:
    """The text comes back byte for byte, signs outside ASCII too, and no temporary file stays behind."""
    write_atomically(tmp_path / "a.json", "grüße 행복\n")
    assert (tmp_path / "a.json").read_bytes() == "grüße 행복\n".encode()
    assert [file.name for file in tmp_path.iterdir()] == ["a.json"]


def test_a_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    """While another process writes two long texts in turn and is killed, each read gives one of them, whole."""
    target = tmp_path / "a.json"
    texts = {letter * 2_000_000 for letter in "ab"}
    write_atomically(target, "a" * 2_000_000)
    script = textwrap.dedent("""
        import sys
        from pathlib import Path
        from vlmrate.inference.files import write_atomically
        while True:
            for letter in "ab":
                write_atomically(Path(sys.argv[1]), letter * 2_000_000)
    """)
    writer = subprocess.Popen([sys.executable, "-c", script, str(target)])
    try:
        seen = set()
        end = time.monotonic() + 20
        while len(seen) < 2 and time.monotonic() < end:
            seen.add(target.read_text(encoding="utf-8"))
        assert seen == texts
    finally:
        os.kill(writer.pid, signal.SIGKILL)
        writer.wait()
    assert target.read_text(encoding="utf-8") in texts


def test_a_torn_last_line_does_not_spoil_the_next(tmp_path: Path) -> None:
    """After a line cut off by a crash, the next line stands on its own."""
    log = tmp_path / "errors.jsonl"
    append_line(log, "one")
    with log.open("ab") as stream:
        stream.write(b'{"half')
    append_line(log, "two")
    assert log.read_text(encoding="utf-8").splitlines() == ["one", '{"half', "two"]


def test_only_temporary_files_are_cleared(tmp_path: Path) -> None:
    """What a killed run left half-written goes; everything else stays."""
    for name in (".a.json.tmp", "a.json", ".lock", "b.tmp"):
        (tmp_path / name).touch()
    remove_temporaries(tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == [".lock", "a.json", "b.tmp"]


def test_a_lock_is_held_by_one_process_and_freed_by_its_death(tmp_path: Path) -> None:
    """A second holder is refused while the first lives, and gets the lock once the first was killed."""
    lock = tmp_path / ".lock"
    script = textwrap.dedent("""
        import sys, time
        from pathlib import Path
        from vlmrate.inference.files import exclusive
        with exclusive(Path(sys.argv[1])) as held:
            print(held, flush=True)
            time.sleep(60)
    """)
    holder = subprocess.Popen([sys.executable, "-c", script, str(lock)], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == "True"
        with exclusive(lock) as held:
            assert not held
    finally:
        holder.kill()
        holder.wait()
    with exclusive(lock) as held:
        assert held
