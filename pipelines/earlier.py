"""What earlier runs took in of the dates before: the judge compares with it, and judges none of its rows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa

from pipelines import contract, database, ledger
from pipelines.contract import POST_FEEDS
from pipelines.database import Connection, identifier
from pipelines.ingest import Extract
from pipelines.places import DataFolder

About = tuple[str, ...]


@dataclass(frozen=True)
class Earlier:
    """Where the rows lie that earlier runs took in, by feed, organisation and date: of each the latest."""

    rows: Mapping[tuple[str, About], Path]

    def before(self, feed: str, about: Iterable[About]) -> dict[About, Path]:
        """Return what was taken in of the dates before those in ``about``, as far as they aren't there themselves."""
        dates: dict[str, set[str]] = {}
        for org_code, day in about:
            dates.setdefault(org_code, set()).add(day)
        taken: dict[str, list[str]] = {}
        for one, (org_code, day) in self.rows:
            if one == feed and org_code in dates:
                taken.setdefault(org_code, []).append(day)
        found = {}
        for org_code, days in taken.items():
            for judged in dates[org_code]:
                latest = max((day for day in {*days, *dates[org_code]} if day < judged), default=judged)
                if latest not in dates[org_code]:
                    found[org_code, latest] = self.rows[feed, (org_code, latest)]
        return dict(sorted(found.items()))


NOTHING = Earlier({})


def taken_in(folder: DataFolder, extracts: Sequence[Extract], max_days: int) -> Earlier:
    """Return what snapshots hold of the organisations of some extracts, up to so many days before these.

    The newest snapshots are read first, as far back as one may hold a date to compare with. Where the rows of what
    speaks last were disposed of there is nothing: what it took the place of says something else.
    """
    from pipelines.freeze.snapshot import manifests  # which comes after what was judged

    judged = [about for extract in extracts if extract.feed in POST_FEEDS for about in extract.about if all(about)]
    rows: dict[tuple[str, About], Path | None] = {}
    if not judged:
        return NOTHING
    organisations = {org_code for org_code, _ in judged}
    since = (date.fromisoformat(min(day for _, day in judged)) - timedelta(days=max_days)).isoformat()
    newest_first = reversed(ledger.read(folder.ledger))
    for manifest in manifests(folder, (one for one in newest_first if one.get("as_at_date", "") >= since)):
        for extract in manifest["extracts"]:
            typed = folder.objects / f"{extract['typed']}.parquet"
            if extract["feed"] in POST_FEEDS:
                for about in extract["owns"]:
                    if about[0] in organisations and about[1] >= since:
                        rows.setdefault((extract["feed"], tuple(about)), typed if typed.is_file() else None)
    return Earlier({about: typed for about, typed in rows.items() if typed})


def register(con: Connection, feed: str, extracts: Sequence[Extract], earlier: Earlier) -> None:
    """Make the view ``<feed>_earlier``: rows of the dates before, with the columns of the contract.

    ``extract`` is a name of their file that no file under judgement has. Without any the view is empty.
    """
    before = earlier.before(feed, (about for extract in extracts for about in extract.about if all(about)))
    columns = {"extract": "varchar"} | contract.load(feed).typed
    nothing = ", ".join(f"null::{kind} as {identifier(name)}" for name, kind in columns.items())
    query = f"select {nothing} where false"
    if before:
        wanted = pa.table(
            {
                "file": [path.name for path in before.values()],
                "org_code": [org_code for org_code, _ in before],
                "as_at_date": [day for _, day in before],
            }
        )
        con.register("wanted", wanted)
        con.execute(
            "create or replace table earlier_wanted as select * replace (as_at_date::date as as_at_date) from wanted"
        )
        con.unregister("wanted")
        files = ", ".join(database.literal(database.only(path)) for path in sorted(set(before.values())))
        query += (
            " union all by name select 'earlier ' || taken.file as extract, taken.* exclude (file) "
            "from (select * exclude (filename), parse_filename(filename) as file "
            f"from read_parquet([{files}], hive_partitioning = false, filename = true, union_by_name = true)) as taken "
            "semi join earlier_wanted using (file, org_code, as_at_date)"
        )
    con.execute(f"create or replace view {identifier(f'{feed}_earlier')} as {query}")
