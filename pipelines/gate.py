"""The gate: what must hold before a release may be shown to those who approve it. It fails closed."""

import csv
from collections.abc import Mapping
from pathlib import Path

from pipelines import describe, seal

# What the ledger says was checked.
CHECKS = ("seal", "public tables")

# The tables that go out until disclosure control exists: none of them counts anybody.
WITHOUT_COUNTS = ("category", "grade_group", "unit")
MAY_GO_OUT = {
    *("SYNTHETIC.txt", "datapackage.json", "provenance.intoto.json"),
    *(f"{name}.{kind}" for name in WITHOUT_COUNTS for kind in ("parquet", "csv")),
}


def problems(release: Path, sums: Mapping[str, str]) -> list[str]:
    """Return why the gate stays closed, a line each; none where it opens.

    Args:
        release: the release's folder.
        sums: the hashes of its lists, as the ledger has them.
    """
    return [
        *(f"seal: {line}" for line in seal.problems(release, dict(sums))),
        *(f"public tables: {line}" for line in _counting(release)),
    ]


def _counting(release: Path) -> list[str]:
    """Return what of a public part isn't what is known to count nobody: another file, column or any quantity."""
    files = {path.relative_to(release).as_posix(): path for path in seal.held(release)}
    found = [f"{name} isn't one of the files that may go out" for name in files if name not in MAY_GO_OUT]
    for name in WITHOUT_COUNTS:
        columns = describe.load(name).columns
        there = [files[one] for one in (f"{name}.parquet", f"{name}.csv") if one in files]
        found += [f"{path.name} hasn't the columns described" for path in there if _columns(path) != list(columns)]
        quantities = [column for column, described in columns.items() if described.unit]
        found += [f"{name}: {column} is a number, and nothing protects it yet" for column in quantities]
    return found


def _columns(path: Path) -> list[str]:
    """Return a table's columns; none of what isn't one."""
    if path.suffix == ".parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            return list(pq.read_schema(path).names)
        except pa.ArrowInvalid:
            return []
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        return next(csv.reader(file), [])
