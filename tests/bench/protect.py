"""What protection and its attack cost by the number of organisations: `make bench-protect`.

Found are small counts that an attack could tell, or didn't come to the end of: none, or something is wrong.

One month of 10, 30, 100 and 220 invented organisations, each step in a process of its own. The last figure of a step is
the processor's time for one organisation, beside that where they are fewest: 1.0 is a cost that grows as their number.
"""

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

from pipelines import database, reference
from pipelines.database import Connection
from pipelines.places import DataFolder
from tests.bench import cube
from tests.bench.process import in_own_process

ORGANISATIONS = (10, 30, 100, 220)
KEY = bytes(32)


def main() -> None:
    """Print a line for each number of organisations and each step: seconds, gigabytes, cost beside the smallest."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--organisations", type=int, nargs="+", default=ORGANISATIONS)
    numbers = options.parse_args().organisations
    print("organisations     cells    small     step  seconds     busy   memory   each  found")
    first: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="edi-bench-") as folder:
        cubes = in_own_process(_cubes, Path(folder), numbers)["cubes"]
        for number in numbers:
            for name, step in (("protect", _protect), ("bounds", _bounds), ("attack", _attack)):
                told = in_own_process(step, cubes[number])
                each = told["busy"] / number
                print(
                    f"{number:>13,} {told['cells']:>9,} {told['small']:>8,} {name:>8} {told['seconds']:>6.1f} s "
                    f"{told['busy']:>6.1f} s {told['gigabytes']:>5.2f} GB {each / first.setdefault(name, each):>6.2f} "
                    f"{told['found']:>6,}",
                    flush=True,
                )


def _cubes(root: Path, numbers: list[int]) -> dict[str, Any]:
    return {"cubes": cube.write(root, numbers)}


def _since(began: tuple[float, float]) -> dict[str, float]:
    return {"seconds": time.perf_counter() - began[0], "busy": time.process_time() - began[1]}


def _opened(con: Connection, path: Path) -> dict[str, Any]:
    method = reference.method(DataFolder(path.parent))
    reference.load(con, method)
    database.view(con, "cube_part", [path])
    return method["disclosure"]


def _protected(path: Path) -> Path:
    return path.with_name(f"protected-{path.name}")


def _protect(path: Path) -> dict[str, Any]:
    """Round every organisation's cells, and write them."""
    from pipelines.protect.rounding import Bounds, rounded
    from pipelines.protect.tables import groups, tables

    with database.connect() as con:
        settings = _opened(con, path)
        began = time.perf_counter(), time.process_time()
        con.execute("create table cells as " + database.read_sql("protect/cell").replace("where extract = ?", ""))
        cells = con.execute("from cells order by all").df()
        cells["headcount"] = cells["headcount"].astype("Int64")
        cells = cells.assign(earlier_headcount=None, earlier_rounded=None)
        counts = cells["headcount"].copy()
        for rows, table in tables(cells, groups(con), KEY):
            counts.loc[rows], _ = rounded(
                table, settings["base"], Bounds(settings["bound_held"], settings["bound_other"])
            )
        con.register("protected", cells.assign(headcount=counts))
        con.execute(
            "copy (select * replace (as_at_date::date as as_at_date) from protected where headcount > 0) "
            f"to '{_protected(path)}'"
        )
        told = _since(began)
    small = int(cells["headcount"].between(1, 4).sum())
    return {**told, "cells": len(cells), "small": small, "found": 0}


def _printed(con: Connection, path: Path) -> dict[str, Any]:
    """Make the exact cube and what was rounded readable; return the settings."""
    settings = _opened(con, path)
    database.view(con, "exact_headcount", [path])
    for name in ("public_headcount", "printed_headcount"):
        database.view(con, name, [_protected(path)])
    con.execute(
        "create table rounding as select distinct as_at_date, org_code, ? as base, ? as bound_held, ? as bound_other "
        "from exact_headcount",
        [settings["base"], settings["bound_held"], settings["bound_other"]],
    )
    return settings


def _bounds(path: Path) -> dict[str, Any]:
    """Attack what was rounded with the linear programmes of `edi compare`, every small cell of it."""
    from pipelines import rivals
    from pipelines.rivals.table import groups, tables

    with database.connect() as con:
        settings = _printed(con, path)
        con.execute("create table run as select distinct as_at_date from exact_headcount")
        began = time.perf_counter(), time.process_time()
        found = tables(con, groups(con, settings["held_grade_groups"]))
        methods = rivals.rivals(settings["base"], lambda _: (settings["bound_held"], settings["bound_other"]))
        *_, (name, ours_prints) = methods.items()
        (ours,) = rivals.compare(found, {name: ours_prints}, settings["min_known_headcount"])
        told = _since(began)
    return {**told, "cells": ours.cells, "small": ours.small, "found": ours.determined + ours.proven_small}


def _attack(path: Path) -> dict[str, Any]:
    """Attack what was rounded as `edi attack` does, one date by itself."""
    from pipelines.attack.cells import attack, together
    from pipelines.attack.earlier import rules
    from pipelines.attack.known import lay, structure, tables

    with database.connect() as con:
        settings = _printed(con, path)
        con.execute("create view printed_rounding as from rounding")
        began = time.perf_counter(), time.process_time()
        cells = con.execute(
            f"select * replace (as_at_date::varchar as as_at_date) from ({database.read_sql('attack/cell')})"
        ).df()
        known = structure(con)
        laid = (lay(table, known) for table in tables(cells, rules(con)))
        found = together([attack(one.model, one.base, settings["attack_min_values"], one.printed) for one in laid])
        told = _since(began)
    wrong = found.determined + found.proven_small + found.too_few + found.unfinished
    return {**told, "cells": len(cells), "small": int(cells["headcount"].between(1, 4).sum()), "found": wrong}


if __name__ == "__main__":
    main()
