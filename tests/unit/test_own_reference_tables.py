"""A data folder's own reference tables: each comes whole before the packaged one, or is refused in a sentence."""

from pathlib import Path

import pytest

from pipelines import database, reference
from pipelines.freeze import _definitions
from pipelines.places import REFERENCE, DataFolder
from tests.reference_tables import database_of, packaged, write

WEIGHTS = "org_code,area_code,weight,valid_from,valid_to\n"
HEADER = "predecessor_code,successor_code,effective_on,kind,note\n"


def test_a_table_of_the_folder_comes_whole_before_the_packaged_one(tmp_path: Path) -> None:
    with database_of(tmp_path, footprints=[{"org_code": "RNA", "area_code": "E08000027"}]) as con:
        assert con.execute("select * from footprint").fetchall()[0][:2] == ("RNA", "E08000027")
        assert con.execute("select count(*) from footprint").fetchall() == [(1,)]
        held = con.execute("select count(*) from reference_organisations").fetchall()[0][0]
        assert held == len(packaged("organisations"))


def test_every_table_that_a_folder_may_bring_is_read(tmp_path: Path) -> None:
    """`geography` is among them as soon as the project holds it."""
    held = [name for name in reference.OF_A_FOLDER if name in reference.TABLES]
    with database_of(tmp_path, **dict.fromkeys(held, ())) as con:
        for name in held:
            assert con.execute(f"select count(*) from reference_{name}").fetchall() == [(0,)]


def test_without_a_folder_the_packaged_tables_are_read() -> None:
    with database.connect(threads=2) as con:
        reference.load(con, reference.method(DataFolder(Path("no such folder"))))
        assert con.execute("select count(*) from catchment").fetchall() == [(147,)]


def test_the_projects_own_data_folder_has_the_packaged_tables() -> None:
    folder = DataFolder(REFERENCE.parent)
    assert folder.references() == {}
    with database.connect(threads=2) as con:
        reference.load(con, reference.method(folder), folder)
        assert con.execute("select count(*) from catchment").fetchall() == [(147,)]


def test_columns_stand_in_any_order(tmp_path: Path) -> None:
    written = write(tmp_path, "footprints", [])
    written.write_bytes(b"\xef\xbb\xbfvalid_to,area_code,org_code,valid_from\r\n,E08000027,RNA,2022-07-01\r\n")
    with database.connect(threads=2) as con:
        reference.load(con, reference.method(DataFolder(tmp_path)), DataFolder(tmp_path))
        rows = con.execute("select org_code, area_code, valid_from::varchar from footprint").fetchall()
        assert rows == [("RNA", "E08000027", "2022-07-01")]


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        (
            "footprints",
            b"org_code,valid_from,valid_to\n",
            "the column 'area_code' is missing; add it: the columns are ",
        ),
        ("footprints", b"", "the column 'org_code' is missing; add it: the columns are "),
        (
            "footprints",
            b"org_code,area_code,valid_from,valid_to,weight\n",
            "the column 'weight' is unknown; remove it: the columns are org_code, area_code, valid_from, valid_to",
        ),
        ("footprints", b"org_code,area_code,valid_from,valid_to,org_code\n", "'org_code' is there twice; remove it"),
        ("footprints", b"org_code;area_code;valid_from;valid_to\n", "the column 'org_code' is missing; add it"),
        ("footprints", "org_code,area_code,valid_from,valid_to,\u2013\n".encode("cp1252"), "save it as UTF-8"),
        ("footprints", b"org_code,area_code,valid_from,valid_to\nRNA,E08000027\n", "isn't a CSV table"),
        (
            "footprints",
            b"org_code,area_code,valid_from,valid_to\nRNA,E08000027,,\nRNA,E08000028,,31/03/2026\n",
            "row 3: valid_to isn't a date, written YYYY-MM-DD; correct the cell",
        ),
        (
            "catchments",
            b"org_code,area_code,weight,valid_from,valid_to\nRNA,E08000027,1.5,,\n",
            "row 2: weight isn't a share from 0 to 1; correct the cell",
        ),
        (
            "catchments",
            f"{WEIGHTS}RNA,E08000027,0.5,,\nRNA,E08000028,0.4,,\n".encode(),
            "the weights of RNA sum to 0.9; they are the shares of all of its patients and sum to 1: add the areas",
        ),
        (
            "catchments",
            f"{WEIGHTS}RNA,E08000027,1,,2026-03-31\nRNA,E08000028,1,2026-03-31,\n".encode(),
            "the weights of RNA on 2026-03-31 sum to 2; ",
        ),
        ("successions", f"{HEADER}A,B,,merged,\nC,B,,merged,\n".encode(), "row 2: kind must be merged, renamed or "),
        ("successions", f"{HEADER}A,B,2025-04-01,joined,\n".encode(), "row 2: kind must be merged, renamed or split"),
        ("successions", f"{HEADER}A,B,2025-04-01,merged,\n".encode(), "row 2: a merger has at least two parties"),
        ("categories", b"characteristic\n", "a data folder can't bring this table, only areas, catchments, "),
    ],
)
def test_what_is_wrong_with_a_table_is_said_with_the_file_and_what_to_do(
    tmp_path: Path, name: str, text: bytes, sentence: str
) -> None:
    path = tmp_path / "reference" / f"{name}.csv"
    path.parent.mkdir()
    path.write_bytes(text)
    folder = DataFolder(tmp_path)
    with database.connect(threads=2) as con, pytest.raises(ValueError, match="reference") as refused:
        reference.load(con, reference.method(folder), folder)
    assert str(refused.value).startswith(str(path))
    assert sentence in str(refused.value)


def test_weights_may_change_from_one_day_to_the_next_and_sum_to_1_as_printed(tmp_path: Path) -> None:
    thirds = [{"org_code": "RNA", "area_code": f"E0800002{area}", "weight": "0.333"} for area in (6, 7, 8)]
    before = [cells | {"valid_to": "2026-03-31"} for cells in thirds]
    after = [{"org_code": "RNA", "area_code": "E08000027", "weight": "1", "valid_from": "2026-04-01"}]
    with database_of(tmp_path, catchments=[*before, *after]) as con:
        assert con.execute("select count(*) from catchment").fetchall() == [(4,)]


def test_a_snapshot_names_the_tables_that_were_really_used(tmp_path: Path) -> None:
    packaged_only = _definitions(DataFolder(tmp_path))
    own = write(tmp_path, "expected_submissions", [{"org_code": "RNA", "sector": "nhs"}])
    used = _definitions(DataFolder(tmp_path))
    changed = {name for name in used if used[name] != packaged_only.get(name)}
    assert (set(used), changed) == (set(packaged_only), {"reference/expected_submissions.csv"})
    assert used["reference/expected_submissions.csv"] == own
    assert packaged_only["reference/catchments.csv"] == REFERENCE / "catchments.csv"
