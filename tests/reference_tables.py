"""Made-up reference tables in a data folder: its own come before the packaged ones, whole."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from pipelines import database, reference
from pipelines.database import Connection
from pipelines.places import REFERENCE, DataFolder

Cells = Mapping[str, str]


def packaged(name: str) -> list[dict[str, str]]:
    """The rows of a packaged table."""
    with (REFERENCE / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write(root: Path, name: str, rows: Sequence[Cells]) -> Path:
    """Write a table of a data folder's own, with the packaged one's columns; what a row doesn't name is empty."""
    columns = list(packaged(name)[0])
    path = root / "reference" / f"{name}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path


@contextmanager
def database_of(root: Path, **tables: Sequence[Cells]) -> Iterator[Connection]:
    """A database whose reference tables are the packaged ones, but for those given."""
    for name, rows in tables.items():
        write(root, name, rows)
    folder = DataFolder(root)
    with database.connect(threads=2) as con:
        reference.load(con, reference.method(folder), folder)
        yield con
