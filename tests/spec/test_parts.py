"""The parts that are kept per extract: a new month costs a month, and another choice of who counts costs them all."""

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipelines import contract, database, places, reference
from pipelines.database import Connection
from pipelines.freeze import FrozenExtract, Snapshot
from pipelines.freeze.objects import DamagedError, keep
from pipelines.measure import parts
from pipelines.places import DataFolder
from tests.staff import Row, accept, assignment, counted_as, extract, selected


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    return DataFolder(tmp_path)


def frozen(con: Connection, folder: DataFolder, name: str, *rows: Row, feed: str = "staff") -> FrozenExtract:
    """An extract with its typed rows beside it, as freeze leaves it."""
    accept(con, rows, feed)
    columns = ", ".join(database.identifier(column) for column in contract.load(feed).typed)
    rows_file = folder.root / f"{name}.parquet"
    database.export(con, f"select {columns} from accepted order by all", rows_file, {})
    typed = folder.objects / f"{keep(folder, rows_file, suffix='.parquet')}.parquet"
    given = extract(sha256=name, feed=feed, owns=((rows[0]["org_code"], rows[0]["as_at_date"]),))
    return FrozenExtract(**{**vars(given), "typed": typed})


def take(con: Connection, folder: DataFolder, *extracts: FrozenExtract, **choices: str) -> set[str]:
    """Register the parts of a snapshot; return the names of those that weren't there before."""
    method: dict[str, Any] = reference.method(folder)
    method["counted_as"] = method["counted_as"] | choices
    before = kept(folder)
    snapshot = Snapshot("snapshot", Path(), date(2026, 3, 31), extracts, method)
    with counted_as(con, **choices):
        parts.register(con, folder, snapshot.extracts, snapshot.method)
    return kept(folder) - before


def kept(folder: DataFolder) -> set[str]:
    return {str(path) for kind in parts.PARTS for path in (folder.snapshots / kind).glob("*")}


def test_a_new_month_costs_a_month(con: Connection, folder: DataFolder) -> None:
    february = frozen(con, folder, "february", assignment(as_at_date="2026-02-28"))
    march = frozen(con, folder, "march", assignment(), assignment(person_key="p2", assignment_key="a2"))
    assert len(take(con, folder, february)) == len(parts.PARTS)
    assert len(take(con, folder, february, march)) == len(parts.PARTS)
    assert take(con, folder, february, march) == set()
    counts = selected(con, "from fate_count order by as_at_date")
    assert [(row["extract"], row["rows"]) for row in counts] == [("february", 1), ("march", 2)]


def test_another_choice_of_who_counts_costs_every_part_again(con: Connection, folder: DataFolder) -> None:
    march = frozen(con, folder, "march", assignment(assignment_category="honorary"))
    take(con, folder, march)
    assert selected(con, "from cube_part") == []
    assert len(take(con, folder, march, honorary="substantive")) == len(parts.PARTS)
    assert {row["headcount"] for row in selected(con, "from cube_part")} == {1}


def test_another_macro_costs_every_part_again(
    con: Connection, folder: DataFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    march = frozen(con, folder, "march", assignment())
    take(con, folder, march)
    sql = shutil.copytree(places.SQL, tmp_path / "sql")
    (sql / "macros" / "whole_sum.sql").write_text("create macro whole_sum(x) as sum(x);", encoding="utf-8")
    monkeypatch.setattr(places, "SQL", sql)
    assert len(take(con, folder, march)) == len(parts.PARTS)


def test_a_part_that_is_lost_is_made_again_with_the_same_bytes(con: Connection, folder: DataFolder) -> None:
    march = frozen(con, folder, "march", assignment(), assignment(org_code="RL4"))
    parts = {path: Path(path).read_bytes() for path in take(con, folder, march)}
    lost = max(parts)
    Path(lost).unlink()
    assert take(con, folder, march) == {lost}
    assert {path: Path(path).read_bytes() for path in parts} == parts


def test_a_part_or_rows_that_were_changed_are_refused(con: Connection, folder: DataFolder) -> None:
    """What is kept is read again only as long as it is what its name says."""
    march = frozen(con, folder, "march", assignment())
    (part,) = [Path(path) for path in take(con, folder, march) if "cube_part" in path]
    bytes_before = part.read_bytes()
    part.write_bytes(bytes_before[:-1] + bytes([bytes_before[-1] ^ 1]))
    with pytest.raises(DamagedError, match=f"{part.name} isn't what its name says"):
        take(con, folder, march)
    part.unlink()
    march.typed.write_bytes(march.typed.read_bytes() + b" ")
    with pytest.raises(DamagedError, match=f"{march.typed.name} isn't what its name says"):
        take(con, folder, march)


def test_of_rows_disposed_of_the_counts_kept_are_read(con: Connection, folder: DataFolder) -> None:
    march = frozen(con, folder, "march", assignment())
    counts = {Path(path).parent.name: Path(path).name for path in take(con, folder, march)}
    march.typed.unlink()
    assert take(con, folder, replace(march, kept=counts), honorary="substantive") == set()
    assert {row["headcount"] for row in selected(con, "from cube_part")} == {1}


def test_where_nobody_sent_rows_there_is_nothing_to_follow(con: Connection, folder: DataFolder) -> None:
    count = {"as_at_date": "2026-03-31", "org_code": "RNA", "employment_type": "substantive", "grade": "band_5"}
    count |= {"clinical": "clinical", "staff_group": "unknown", "characteristic": "ethnicity", "headcount": 5}
    count |= {"classification": "wres", "category": "White", "answer_status": "known"}
    assert len(take(con, folder, frozen(con, folder, "counts", count, feed="headcount"))) == 1
    for name in ("fate_count", "value_count"):
        assert selected(con, f"from {name}") == []


def test_a_population_that_doesnt_exist_is_refused(folder: DataFolder) -> None:
    method = reference.method(folder)
    parts.refuse_unknown_populations(method)
    method["counted_as"]["agency"] = "nobody"
    with pytest.raises(
        ValueError, match=r"counted_as\.agency is 'nobody', but must be one of substantive, bank, other, none"
    ):
        parts.refuse_unknown_populations(method)
