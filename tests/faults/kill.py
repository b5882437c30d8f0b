"""Commands as real processes that are killed at a named point, or at any moment, while they are at work.

`python -m tests.faults.kill` reads orders from its standard input, a JSON object a line, and answers each with one. It
has imported what a command needs and opened no database; each order forks a process of its own, which is the command
``edi`` and nothing else. The hooks are set in that process only. A fork costs a third of a new interpreter.

A point is named ``before`` or ``after`` an operation on a path below the data folder, ids and names of tables left out;
``within write`` is a write of which half has reached the file. At points a copy of the data folder can be taken: it
holds what a kill would leave there, without the kill.

What is long and writes nothing by itself is left out: most rules, and the rows of all tables but the counts. Where a
command draws a secret, the order says what it gets.
"""

import builtins
import contextlib
import importlib
import io
import json
import os
import pkgutil
import re
import secrets
import select
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pipelines
from pipelines import places

SERVES = ("pipelines.flows", "pipelines.serve", "pipelines.cli.__main__")  # not part of a command; they import Prefect
SHORTER = (
    (re.compile(r"[0-9a-f]{64}"), "<sha256>"),
    (re.compile(r"\d{4}-\d\d-\d\d-[0-9a-f]{12}"), "<release>"),
    (re.compile(r"-[0-9a-f]{12}\b"), "-<sha256>"),
    # Files of one kind, by the folder that they lie in: what is written in the same way, one after the other.
    (re.compile(r"(?<=^snapshots/objects/)<sha256>.parquet"), "<sha256>"),
    (re.compile(r"(?<=^snapshots/.work/).+"), "<file>"),
    (re.compile(r"(?<=^snapshots/)(cube_part|protected|attacked)/[0-9a-f]{32}"), r"\1/<name>"),
    (re.compile(r"(?<=^marts/.<release>.draft/)internal/"), ""),
    (re.compile(r"(?<=^marts/.<release>.draft/)[^.]+\..*?(?=(.draft)?$)"), "<file>"),
    (re.compile(r"(?<=^marts/current/)[^/]*?(?=(.draft)?$)"), "<file>"),
    (re.compile(r"(?<=/)(report\.md|report\.jsonl|rejects\.csv)\b"), "<answer>"),
)
COUNTS = ("headcount", "rounding")  # the public tables that are written with their rows
NEVER_CHANGED = re.compile(r"/snapshots/(objects|cube_part|protected)/[^.]+(.parquet)?$|/marts/20[^.]+/.+$")
FAULT = 70  # the exit code of a command that ends in a traceback

WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

# What takes one path, or two and changes the second; by what an audit hook calls it.
ON_A_PATH = {"mkdir": "os.mkdir", "unlink": "os.remove", "remove": "os.remove", "rmdir": "os.rmdir"}
ON_A_PATH |= {"truncate": "os.truncate", "chmod": "os.chmod"}
ON_TWO_PATHS = {"replace": "os.rename", "rename": "os.rename", "link": "os.link", "symlink": "os.symlink"}


class Points:
    """Counts the points of this process, and does at one of them what was ordered."""

    def __init__(self, root: Path, at: Sequence[str], skip: int, do: Callable[[], None]) -> None:
        """Count points below ``root``; ``do`` at the one named ``at``, with the name of the one before it.

        Where they come several times, the first ``skip`` of them are passed by.
        """
        self.root, self.at, self.skip, self.do = root.resolve(), [*at], skip, do
        self.photographs: dict[tuple[str, str, int], str] = {}
        self.passed: Counter[tuple[str, str]] = Counter()
        self.names: list[str] = []
        self._inside = 0

    def reach(self, when: str, operation: str, path: str) -> None:
        """Be at a point: do what was ordered here, or go on."""
        self.names.append(f"{when} {operation} {_shorter(path)}")
        last, point = ["", *self.names][-2:]
        if into := self.photographs.get((last, point, self.passed[last, point])):
            shutil.copytree(self.root, into, symlinks=True, copy_function=_photograph)
        self.passed[last, point] += 1
        if self.at == ["", *self.names][-2:]:
            self.skip -= 1
            if self.skip == -1:
                self.do()

    @contextlib.contextmanager
    def around(self, operation: str, path: str | None) -> Iterator[None]:
        """Put a point before and after an operation; none where its path lies outside the data folder."""
        if path is None or self._inside:
            yield
            return
        self.reach("before", operation, path)
        self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1
        self.reach("after", operation, path)

    def below(self, path: Any, folder: int | None = None) -> str | None:
        """Return a path as it lies below the data folder, or nothing where it doesn't."""
        if isinstance(path, int):
            whole = _of_descriptor(path)
        else:
            whole = Path(_of_descriptor(folder) if folder is not None and folder >= 0 else Path(), os.fsdecode(path))
        whole = whole.absolute()
        return whole.relative_to(self.root).as_posix() if self.root in whole.parents else None

    def audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Put a point before what no wrapper saw."""
        if self._inside:
            return
        if event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITES:
            path = None if isinstance(arguments[0], int) else self.below(arguments[0])
        elif event in (*ON_A_PATH.values(), *ON_TWO_PATHS.values()):
            path = self.below(arguments[int(event in ON_TWO_PATHS.values())])
        else:
            return
        if path is not None:
            self.reach("before", f"unseen {event}", path)


def _photograph(source: str, target: str) -> None:
    """Copy a file as it is now; one that never changes again once it has its name is the same file there."""
    if NEVER_CHANGED.search(source):
        os.link(source, target)
    else:
        shutil.copyfile(source, target)


def _of_descriptor(number: int) -> Path:
    return Path(f"/proc/self/fd/{number}").readlink()


def _shorter(path: str) -> str:
    for pattern, short in SHORTER:
        path = pattern.sub(short, path)
    return path


def watch(points: Points) -> None:
    """Wrap what changes files, in this process; a hook sees what goes past the wrappers."""
    for name in ON_A_PATH:
        _wrap(points, os, name, lambda path, *_, dir_fd=None, **__: points.below(path, dir_fd))
    for name in ON_TWO_PATHS:
        _wrap(points, os, name, lambda _, path, *__, **___: points.below(path))
    _wrap(points, os, "fsync", points.below)
    for module in (io, builtins):
        _wrap(points, module, "open", lambda path, mode="r", *_, **__: _written(points, path, mode))
    _wrap(points, os, "open", lambda path, flags, *_, **__: points.below(path) if flags & WRITES else None)
    _wrap_write(points)
    _wrap_export(points)
    sys.addaudithook(points.audit)


def _written(points: Points, path: Any, mode: str) -> str | None:
    return None if isinstance(path, int) or not set(mode) & set("wax+") else points.below(path)


def _wrap(points: Points, module: Any, name: str, path: Callable[..., str | None]) -> None:
    real = getattr(module, name)

    def wrapper(*arguments: Any, **named: Any) -> Any:
        with points.around("rename" if name == "replace" else name, path(*arguments, **named)):
            return real(*arguments, **named)

    setattr(module, name, wrapper)


def _wrap_write(points: Points) -> None:
    real = os.write

    def write(descriptor: int, content: bytes) -> int:
        path = points.below(descriptor)
        if path is None:
            return real(descriptor, content)
        with points.around("write", path):
            half = real(descriptor, content[: len(content) // 2])
            points.reach("within", "write", path)
            return half + real(descriptor, content[half:])

    os.write = write


def _wrap_export(points: Points) -> None:
    """Wrap what DuckDB writes, wherever a module has taken it by name."""
    from pipelines import database

    real = database.export

    def export(con: Any, query: str, path: Path, notes: Any) -> None:
        with points.around("export", points.below(path)):
            real(con, query, path, notes)

    for module in [module for name, module in sys.modules.items() if name.startswith("pipelines")]:
        if getattr(module, "export", None) is real:
            # Only in this process, wherever the name was imported to.
            module.export = export  # type: ignore[attr-defined]


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _command(order: dict[str, Any], told: Path) -> int:
    """Be the command; return its exit code."""
    from pipelines import cli, ledger

    copies = order.get("copy")
    do = (lambda: _overwrite(*copies)) if copies else _kill
    points = Points(Path(order["data"]), order.get("at", ()), order.get("skip", 0), do)
    points.photographs = {(last, point, skip): into for last, point, skip, into in order.get("photographs", ())}
    if order.get("secret"):
        # Otherwise no two runs give the same bytes.
        secrets.token_hex = lambda *_: order["secret"]
    if order.get("now"):
        # The clock that jumps, for this process alone.
        ledger.datetime = _clock(order["now"])  # type: ignore[attr-defined, misc]
    sys.argv = ["edi", *order["argv"], "--data", order["data"]]
    if order.get("watched"):
        watch(points)
    code = 0
    try:
        cli.main()
    except SystemExit as end:
        code = int(end.code or 0)
    sys.stdout.flush()
    told.write_text(json.dumps(points.names), encoding="utf-8")
    return code


def _overwrite(source: str, target: str) -> None:
    """Do what another program might do meanwhile: put another file in a file's place."""
    Path(target).write_bytes(Path(source).read_bytes())


def _clock(now: str) -> type:
    """Return a ``datetime`` whose clock stands still."""
    from datetime import datetime

    class Stopped(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> "Stopped":
            return cls.fromisoformat(now).astimezone(tz)

    return Stopped


def _obey(order: dict[str, Any], passing: Path) -> dict[str, Any]:
    """Fork the command, kill it from outside if that is the order, and say how it ended (minus: by which signal)."""
    said, told = passing / "said", passing / "points"
    told.unlink(missing_ok=True)
    began = time.perf_counter()
    process = os.fork()
    if process == 0:
        output = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(output, 1)
        os.dup2(output, 2)
        code = FAULT
        try:
            code = _command(order, told)
        except Exception:
            # Said here, for the process ends below before anybody else could: no cleaning up belongs to a kill.
            traceback.print_exc()
            raise
        finally:
            os._exit(code)
    if order.get("seconds") is not None:
        ended = os.pidfd_open(process)
        if not select.select([ended], [], [], order["seconds"])[0]:
            os.kill(process, signal.SIGKILL)
        os.close(ended)
    _, status, used = os.wait4(process, 0)
    return {
        "code": os.waitstatus_to_exitcode(status),
        "cpu": used.ru_utime + used.ru_stime,
        "seconds": time.perf_counter() - began,
        "said": said.read_text(encoding="utf-8"),
        "points": json.loads(told.read_text(encoding="utf-8")) if told.is_file() else [],
    }


def _shorten_suites(folder: Path) -> None:
    """Judge by two rules of each feed: the others write nothing, and take a sixth of each process's time."""
    for path in places.EXPECTATIONS.glob("*.json"):
        suite = json.loads(path.read_text(encoding="utf-8"))
        shorter = suite | {"expectations": suite["expectations"][:2]}
        (folder / path.name).write_text(json.dumps(shorter), encoding="utf-8")
    places.EXPECTATIONS = folder


def _empty_tables() -> None:
    """Have tables without a row in the place of all but those of the counts: to plan them takes most of each process.

    They are written as they else would be, and so are the counts, exact and rounded, and what attacks them.
    """
    from pipelines import database, describe, measure, protect
    from pipelines.attack.files import DUCKDB_TYPES

    real = database.read_sql
    empty = {f"marts/{name}": describe.load(name) for name in measure.MARTS}
    empty |= {f"public/{name}": describe.load(name, is_protected=True) for name in protect.TABLES if name not in COUNTS}

    def read_sql(name: str) -> str:
        if name not in empty:
            return real(name)
        columns = empty[name].columns
        nothing = ", ".join(f'null::{DUCKDB_TYPES[one.type]} as "{each}"' for each, one in columns.items())
        return f"select {nothing} where false\norder by {next(iter(columns))}"

    database.read_sql = read_sql


def main() -> None:
    """Import what a command needs, then obey orders until there are no more."""
    for module in pkgutil.walk_packages(pipelines.__path__, "pipelines."):
        if module.name not in SERVES:
            importlib.import_module(module.name)
    importlib.import_module("great_expectations")
    with tempfile.TemporaryDirectory() as passing, tempfile.TemporaryDirectory() as suites:
        _shorten_suites(Path(suites))
        _empty_tables()
        for line in sys.stdin:
            print(json.dumps(_obey(json.loads(line), Path(passing))), flush=True)


if __name__ == "__main__":
    main()
