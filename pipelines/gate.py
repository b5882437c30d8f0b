"""The gate: what must hold before a release may be shown to those who approve it. It fails closed."""

from collections.abc import Mapping
from pathlib import Path

from pipelines import describe, seal

# What the ledger says was checked.
CHECKS = ("seal", "public tables")

# The tables that go out until disclosure control exists: none of them counts anybody.
WITHOUT_COUNTS = ("category", "grade_group", "unit")


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
    """Return which public tables aren't among those that count nobody, or have a column that is a quantity."""
    tables = [path for path in seal.held(release) if path.suffix in (".parquet", ".csv")]
    unknown = [
        f"{path.name} isn't one of {', '.join(WITHOUT_COUNTS)}, and nothing protects its counts yet"
        for path in tables
        if path.stem not in WITHOUT_COUNTS
    ]
    return unknown + [
        f"{name}: {column} is a number of {described.unit}, and nothing protects it yet"
        for name in sorted({path.stem for path in tables} & set(WITHOUT_COUNTS))
        for column, described in describe.load(name).columns.items()
        if described.unit
    ]
