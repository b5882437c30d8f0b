"""Cubes of as many invented organisations as asked for: the sample's employers again and again, with other people."""

from collections.abc import Sequence
from pathlib import Path

from pipelines import database, reference
from pipelines.database import Connection
from pipelines.ingest import ingest
from pipelines.landing import landed
from pipelines.measure import parts
from pipelines.places import DataFolder
from pipelines.sample import write_sample

PEOPLE = 60_000


def write(root: Path, organisations: Sequence[int]) -> dict[int, Path]:
    """Write the cube of one month of each so many organisations, the larger ones holding the smaller; return where.

    The sample is made from the seeds 1, 2, 3, …, and an employer's code begins with the seed. Of each sample every
    second employer by size comes first, so that few organisations are as mixed as many. The same numbers give the same
    cubes.
    """
    with database.connect() as con:
        reference.load(con, reference.method(DataFolder(root)))
        seed, there = 0, 0
        while there < max(organisations):
            seed += 1
            there += _add(con, DataFolder(root / f"seed{seed}"), seed)
        con.execute(
            "create table place as select org_code, row_number() over (order by seed, size % 2, size) as place from "
            "(select seed, org_code, row_number() over (partition by seed order by count(*), org_code) as size "
            "from cube group by seed, org_code)"
        )
        paths = {}
        for number in organisations:
            paths[number] = root / f"cube{number}.parquet"
            database.export(
                con,
                "select cube.* exclude (seed) replace (cube.org_code as extract) from cube "
                f"semi join place on cube.org_code = place.org_code and place.place <= {number} order by all",
                paths[number],
                {},
            )
    return paths


def _add(con: Connection, folder: DataFolder, seed: int) -> int:
    """Add the employers of one sample to the table ``cube``; return how many they are."""
    write_sample(folder.landing, PEOPLE, 1, seed)
    ingested = ingest(con, folder, landed(folder), folder.root / "work")
    database.view(con, "accepted", sorted({one.typed for one in ingested.extracts}))
    parts.people(con)
    named = f"select {seed} as seed, * replace (printf('%02d%s', {seed}, org_code) as org_code)"
    made = "insert into cube" if seed > 1 else "create table cube as"
    con.execute(f"{made} {named} from ({database.read_sql('cube/staff')})")
    return len(ingested.extracts)
