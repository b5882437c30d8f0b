"""Typed tables written by hand, and what the judge finds in them: the rules' tests are tables in, findings out."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipelines import contract
from pipelines.database import Connection, identifier, literal
from pipelines.earlier import Earlier
from pipelines.ingest import Extract
from pipelines.judge import Finding, judge, start
from pipelines.sidecar import Sidecar

Row = Mapping[str, Any]


def judged(
    con: Connection,
    folder: Path,
    feed: str,
    rows: Sequence[Row],
    sidecars: Mapping[str, Sidecar] | None = None,
    earlier: Sequence[Row] = (),
) -> list[Finding]:
    """What a feed's suite finds in rows.

    A row says its ``file`` and ``line``, and may say its ``role``, ``dimensions``, ``left_out``, ``part_words`` and,
    as text, any column of the typed table; a column that no row says is null. ``sidecars`` stand beside the files of
    these names; ``earlier`` rows are what an earlier run took in.
    """
    terms = contract.load(feed)
    types = {
        "extract": "varchar",
        "source_line": "bigint",
        "row_role": "varchar",
        "dimensions": "varchar[]",
        "left_out": "boolean[]",
        "word": "varchar",
        "part_words": "varchar[]",
        **terms.typed,
        **{f"{name}_fault": "varchar" for name in terms.columns},
    }
    unknown = {name for row in rows for name in row} - {*types, "file", "line", "role"}
    assert not unknown, f"no columns of {feed}: {unknown}"
    cells = [
        {"extract": row["file"], "source_line": str(row["line"]), "row_role": row.get("role", "detail")}
        | {"dimensions": [], "left_out": [False] * len(row.get("dimensions", ()))}
        | row
        for row in rows
    ]
    texts = pa.list_(pa.string())
    kinds = {"dimensions": texts, "left_out": pa.list_(pa.bool_()), "part_words": texts}
    table = pa.table(
        {name: pa.array([cell.get(name) for cell in cells], kinds.get(name, pa.string())) for name in types}
    )
    path = _written(con, folder / f"{feed}.parquet", table, types)
    start(con)
    extracts = [
        _extract(feed, path, file, rows, (sidecars or {}).get(file, Sidecar()))
        for file in dict.fromkeys(row["file"] for row in rows)
    ]
    return list(judge(con, feed, extracts, earlier=_taken_in(con, folder, feed, earlier)).findings)


def _written(con: Connection, path: Path, table: pa.Table, types: Mapping[str, str]) -> Path:
    con.register("by_hand", table)
    columns = ", ".join(f"{identifier(name)}::{kind} as {identifier(name)}" for name, kind in types.items())
    con.execute(f"copy (select {columns} from by_hand) to {literal(str(path))} (format parquet)")
    con.unregister("by_hand")
    return path


def _taken_in(con: Connection, folder: Path, feed: str, rows: Sequence[Row]) -> Earlier:
    """Rows as a snapshot holds them: the contract's columns and nothing else."""
    types = contract.load(feed).typed
    table = pa.table({name: pa.array([row.get(name) for row in rows], pa.string()) for name in types})
    path = _written(con, folder / f"{feed}_earlier.parquet", table, types)
    return Earlier({(feed, about): path for about in _about(feed, rows)})


def _about(feed: str, rows: Sequence[Row]) -> tuple[tuple[str, ...], ...]:
    names = contract.load(feed).about
    return tuple(dict.fromkeys(tuple(row[name] for name in names) for row in rows if all(map(row.get, names))))


def _extract(feed: str, path: Path, file: str, rows: Sequence[Row], sidecar: Sidecar) -> Extract:
    own = [row for row in rows if row["file"] == file]
    return Extract(
        file=file,
        source=path,
        sha256=file,
        content_sha256=file,
        feed=feed,
        layout="by_hand",
        arrives="monthly",
        rows_in=len({row["line"] for row in own}),
        unreadable=(),
        typed=path,
        about=_about(feed, [row for row in own if row.get("role", "detail") == "detail"]),
        synthetic=False,
        sidecar=sidecar,
    )
