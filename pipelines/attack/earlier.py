"""What earlier releases printed of the same tables: where an unchanged count was printed otherwise, both hold."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from pipelines import approval, database, ledger, seal
from pipelines.attack import files
from pipelines.attack.known import TABLE, Key, Rule, Sighting
from pipelines.database import Connection
from pipelines.places import DataFolder


def shown(folder: DataFolder, release_id: str) -> list[Path]:
    """Return the other releases that anybody may have seen: ever approved, published or withdrawn.

    One that was withdrawn is still known to whoever had it.

    Args:
        folder: the data folder.
        release_id: the release under attack, which isn't among them.

    Raises:
        ValueError: one of them isn't there as it was sealed.
    """
    standings = approval.standings(ledger.read(folder.ledger))
    seen = [
        one.release_id
        for one in standings.values()
        if one.release_id != release_id and (one.approved or one.published or one.withdrawn)
    ]
    for one in seen:
        if problems := seal.problems(folder.marts / one, standings[one].sums):
            raise ValueError(
                f"release {one} was shown, and isn't what it was ({problems[0]}); put it back from a backup: what it "
                "told can't be held against the others otherwise"
            )
    # Those of earlier versions counted nobody in public.
    return [folder.marts / one for one in seen if (folder.marts / one / "headcount.parquet").is_file()]


def read_cells(con: Connection, release: Path, prefix: str = "printed") -> pd.DataFrame:
    """Return a release's detail cells, exact and printed, with the columns of ``sql/attack/cell.sql``.

    Args:
        con: database with the views of ``files.views`` of the same prefix.
        release: the release's folder.
        prefix: of the views.
    """
    database.view(con, "exact_headcount", [release / seal.INTERNAL / "headcount.parquet"])
    query = database.read_sql("attack/cell").replace("printed_headcount", f"{prefix}_headcount")
    con.execute(f"create or replace table cell_read as {query}")
    cells = con.execute("select * replace (as_at_date::varchar as as_at_date) from cell_read").df()
    return pd.DataFrame(cells)


def rules(con: Connection, prefix: str = "printed") -> dict[tuple[str, str], Rule]:
    """Return what a release says of its rounding, by date and organisation."""
    query = f"select as_at_date::varchar, org_code, base, bound_held, bound_other from {prefix}_rounding order by all"
    return {(as_at, org_code): Rule(*rule) for as_at, org_code, *rule in con.execute(query).fetchall()}


def sightings(con: Connection, releases: Sequence[Path]) -> dict[Key, list[Sighting]]:
    """Return what earlier releases tell beside this one, by table.

    Args:
        con: database with ``cell``, the cells of this release.
        releases: the earlier ones' folders.
    """
    found: dict[Key, list[Sighting]] = {}
    for release in releases:
        files.views(con, release, "earlier")
        read_cells(con, release, "earlier")
        con.execute("create or replace table earlier_cell as from cell_read")
        said = rules(con, "earlier")
        query = f"select * replace (as_at_date::varchar as as_at_date) from ({database.read_sql('attack/seen_again')})"
        for (as_at, org_code, employment_type), rows in con.execute(query).df().groupby(list(TABLE), sort=True):
            key = (str(as_at), str(org_code), str(employment_type))
            if key[:2] in said:
                found.setdefault(key, []).append(Sighting(said[key[:2]], rows))
    return found
