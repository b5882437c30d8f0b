"""Typed tables written by hand, and what the judge finds in them: the rules' tests are tables in, findings out."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipelines import contract
from pipelines.database import Connection, identifier, literal
from pipelines.ingest import Extract
from pipelines.judge import Finding, judge, start

Row = Mapping[str, Any]


def judged(con: Connection, folder: Path, feed: str, rows: Sequence[Row]) -> list[Finding]:
    """What a feed's suite finds in rows.

    A row says its ``file`` and ``line``, and may say its ``role``, ``dimensions``, ``left_out``, ``part_words`` and,
    as text, any column of the typed table; a column that no row says is null.
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
    con.register("by_hand", table)
    columns = ", ".join(f"{identifier(name)}::{kind} as {identifier(name)}" for name, kind in types.items())
    path = folder / f"{feed}.parquet"
    con.execute(f"copy (select {columns} from by_hand) to {literal(str(path))} (format parquet)")
    con.unregister("by_hand")
    start(con)
    files = dict.fromkeys(row["file"] for row in rows)
    return list(judge(con, feed, [_extract(feed, path, file, rows) for file in files]).findings)


def _extract(feed: str, path: Path, file: str, rows: Sequence[Row]) -> Extract:
    return Extract(
        file=file,
        source=path,
        sha256=file,
        content_sha256=file,
        feed=feed,
        layout="by_hand",
        arrives="monthly",
        rows_in=len({row["line"] for row in rows if row["file"] == file}),
        unreadable=(),
        typed=path,
        about=(),
        synthetic=False,
    )
