"""The public tables, each with a CSV twin; those here are what readers need beside the numbers, and count nobody."""

from collections.abc import Mapping
from pathlib import Path

from pipelines import database
from pipelines.database import Connection, identifier

TABLES = ("unit", "category", "grade_group", "submission")

# Those with hundreds of thousands of rows.
LARGE = ("representation_gap", "trend", "headcount")


class FormulaError(ValueError):
    """A text that is to be published, and that a spreadsheet could run as a formula."""


def write_public(con: Connection, staging: Path, notes: Mapping[str, str]) -> list[Path]:
    """Write each public table as Parquet, with its CSV twin beside it.

    A text that a spreadsheet could run as a formula is refused, never altered: the twin says what the Parquet says.

    Args:
        con: database with the reference tables, ``run`` and ``representation_gap``.
        staging: the folder of a release's public part.
        notes: go into the Parquet files' metadata.

    Returns:
        The Parquet files.

    Raises:
        FormulaError: a cell could be run as a formula.
    """
    return [write(con, name, staging, notes) for name in TABLES]


def write(con: Connection, name: str, folder: Path, notes: Mapping[str, str]) -> Path:
    """Write one public table as Parquet, with its CSV twin beside it; return the Parquet file.

    Raises:
        FormulaError: a cell could be run as a formula.
    """
    path = folder / f"{name}.parquet"
    to_parquet = database.export_large if name in LARGE else database.export
    to_parquet(con, database.read_sql(f"public/{name}"), path, notes)
    write_twin(con, path)
    return path


def write_twin(con: Connection, path: Path) -> None:
    """Write the CSV twin of a Parquet file beside it.

    Raises:
        FormulaError: a cell could be run as a formula.
    """
    _refuse_formulas(con, path)
    database.twin(con, path, path.with_suffix(".csv"))


def _refuse_formulas(con: Connection, path: Path) -> None:
    """Refuse a table with a text that a spreadsheet could run, and name its column and the text."""
    table = database.parquet(path)
    for name, kind, *_ in con.execute(f"describe select * from {table}").fetchall():
        if kind == "VARCHAR":
            column = identifier(name)
            found = con.execute(f"select min({column}) from {table} where is_formula({column})").fetchall()[0][0]
            if found is not None:
                raise FormulaError(
                    f"{path.name}: {name} {found!r} could be run as a formula by a spreadsheet that opens it; nothing "
                    "was released: in its reference table, write it without = + - or @ at its beginning"
                )
