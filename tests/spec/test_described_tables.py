"""Every table of a release is as ``data/contracts/marts`` describes it, and its Data Package says so."""

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from rich.console import Console

from pipelines import describe, measure, places, protect
from pipelines.database import identifier, literal, read_sql
from pipelines.disk import file_sha256
from pipelines.freeze import canonical
from pipelines.measure import public
from pipelines.places import DataFolder
from pipelines.road import walk
from tests.few import write_few
from tests.frozen import judged
from tests.spec.test_revision import FEBRUARY, groups, nurses
from tests.spec.test_waivers import WAIVER

MARTS = ("headcount", *measure.MARTS)
# Public tables of counts are called as the exact ones are: here they stand under `public/`.
PROTECTED = tuple(f"public/{name}" for name in (*protect.TABLES, "submission"))
WITHOUT_COUNTS = tuple(name for name in public.TABLES if name != "submission")
PUBLIC = (*WITHOUT_COUNTS, *PROTECTED)
TABLES = (*MARTS, *PUBLIC)

# Columns of a key that may be blank: an answer that isn't known, a feed that never came.
BLANK_IN_KEY = {
    "headcount": {"classification", "category"},
    "public/headcount": {"classification", "category"},
    "value_mapping": {"source_value", "classification", "category"},
    "submission": {"feed"},
    "public/submission": {"feed"},
}


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small release with everything in it: rows, counts, totals, somebody absent, a file sent again, and a waiver."""
    folder = DataFolder(tmp_path_factory.mktemp("data"))
    write_few(folder.landing, people=2_000, months=2)
    (folder.landing / "counts.csv").write_text(groups("RJC", FEBRUARY, White=60, BME=40), encoding="utf-8")
    (folder.landing / "rows.csv").write_text(nurses("RBK", FEBRUARY, A=30, N=9), encoding="utf-8")
    judged(folder)
    (folder.root / "method.yaml").write_text(
        "{disclosure: {internal_pack: true}, board_pack: {units: [none]}}", encoding="utf-8"
    )
    (folder.root / "waivers").mkdir()
    (folder.root / "waivers" / "job-shares.yaml").write_text(WAIVER.replace("RXK", "RBK"), encoding="utf-8")
    again = nurses("RBK", FEBRUARY, A=30, N=8).replace(",1.0,", ",1.6,", 1)
    (folder.landing / "again.csv").write_text(again, encoding="utf-8")
    return walk(folder, Console(quiet=True)).release.path


@pytest.fixture(scope="module")
def tables(release: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database with a view of each table of the release."""
    with duckdb.connect() as con:
        for path in (*release.glob("*.parquet"), *release.glob("internal/*.parquet")):
            name = f"public/{path.stem}" if f"public/{path.stem}" in PROTECTED and path.parent == release else path.stem
            con.execute(f"create view {identifier(name)} as from read_parquet({literal(str(path))})")
        yield con


def described(name: str) -> describe.Table:
    return describe.load(name.removeprefix("public/"), is_protected=name.startswith("public/"))


def package(folder: Path) -> dict[str, object]:
    found = sorted(folder.glob("*.parquet"))
    return describe.datapackage(
        found,
        name="workforce-edi",
        title="Workforce EDI",
        description="What a release holds.",
        version="2026-03-31-0123456789ab",
        content_hashes={path.stem: f"hash of {path.stem}" for path in found},
        licences=describe.LICENCES if folder.name != "internal" else (),
        is_protected=folder.name != "internal",
    )


def test_every_table_is_described_under_its_name_and_no_other() -> None:
    assert {path.stem for path in places.MART_CONTRACTS.iterdir()} == {*MARTS, *WITHOUT_COUNTS}
    assert {f"public/{path.stem}" for path in places.PUBLIC_CONTRACTS.iterdir()} == set(PROTECTED)
    assert all(described(name).table == name.removeprefix("public/") for name in TABLES)


def test_a_release_has_the_tables_described(release: Path) -> None:
    assert {path.stem for path in release.glob("internal/*.parquet")} == set(MARTS)
    assert {path.stem for path in release.glob("*.parquet")} == {*public.TABLES, *protect.TABLES}
    assert {path.stem for path in release.glob("*.csv")} == {*public.TABLES, *protect.TABLES}
    assert {path.stem for path in release.glob("internal/*.csv")} == set(measure.RETURNS)


@pytest.mark.parametrize("name", TABLES)
def test_columns_are_those_described_in_order_with_their_types(tables: duckdb.DuckDBPyConnection, name: str) -> None:
    found = [
        (column, describe.field_type(kind))
        for column, kind, *_ in tables.execute(f"describe {identifier(name)}").fetchall()
    ]
    assert found == [(column, told.type) for column, told in described(name).columns.items()]


@pytest.mark.parametrize("name", TABLES)
def test_each_key_is_there_once_and_in_order(tables: duckdb.DuckDBPyConnection, name: str) -> None:
    key = ", ".join(identifier(column) for column in described(name).key)
    ((rows, keys),) = tables.execute(f"select count(*), count(distinct row({key})) from {identifier(name)}").fetchall()
    assert rows == keys > 0
    found = tables.execute(f"select {key} from {identifier(name)}").fetchall()
    assert found == tables.execute(f"select {key} from {identifier(name)} order by {key}").fetchall()


@pytest.mark.parametrize("name", TABLES)
def test_a_key_is_never_blank_but_where_it_is_said(name: str) -> None:
    table = described(name)
    assert {column for column in table.key if not table.columns[column].required} == BLANK_IN_KEY.get(name, set())


@pytest.mark.parametrize("name", TABLES)
def test_the_head_of_its_sql_states_the_key(name: str) -> None:
    folder = "public" if name in WITHOUT_COUNTS else "" if name in PROTECTED else "marts"
    head = " ".join(read_sql(f"{folder}/{name}".strip("/")).split("-- Inputs:")[0].replace("\n--", " ").split())
    of_another = {
        "headcount": "the cube",
        "trend": "the key of representation_gap",
        "public/trend": "the key of representation_gap",
    }
    assert of_another.get(name, ", ".join(described(name).key)) in head.replace(" (people, assignments, fte)", "")


@pytest.mark.parametrize("name", TABLES)
def test_every_value_is_within_what_its_column_may_hold(tables: duckdb.DuckDBPyConnection, name: str) -> None:
    broken = {
        f"{column}: {rule}": f"count_if({told})"
        for column, said in described(name).columns.items()
        for rule, told in (
            ("required", f"{identifier(column)} is null" if said.required else "false"),
            ("enum", f"{identifier(column)} not in ({', '.join(map(literal, said.enum)) or 'null'})"),
            ("minimum", "false" if said.minimum is None else f"{identifier(column)} < {said.minimum}"),
            ("maximum", "false" if said.maximum is None else f"{identifier(column)} > {said.maximum}"),
        )
    }
    ((*counts,),) = tables.execute(f"select {', '.join(broken.values())} from {identifier(name)}").fetchall()
    assert {rule: count for rule, count in zip(broken, counts, strict=True) if count} == {}


def test_a_column_of_several_tables_is_of_one_type_and_unit() -> None:
    told: dict[str, set[tuple[str, str]]] = {}
    for name in TABLES:
        for column, said in described(name).columns.items():
            told.setdefault(column, set()).add((said.type, said.unit))
    assert {column: kinds for column, kinds in told.items() if len(kinds) > 1} == {}


def test_every_number_has_a_unit_but_places_in_an_order() -> None:
    without = {
        (name, column)
        for name in TABLES
        for column, said in described(name).columns.items()
        if said.type in ("integer", "number") and not said.unit
    }
    order = {
        ("category", "sort_order"),
        ("grade_group", "sort_order"),
        ("waterfall", "step"),
        ("public/answerable", "place"),
        ("reconciliation", "line"),
        *((name, "line") for name in measure.RETURNS),
    }
    assert without == order


@pytest.mark.parametrize("name", WITHOUT_COUNTS)
def test_a_public_table_has_no_quantity(name: str) -> None:
    assert {column.unit for column in described(name).columns.values()} == {""}


@pytest.mark.parametrize("name", [*WITHOUT_COUNTS, *measure.RETURNS])
def test_a_twin_has_the_columns_and_rows_of_its_table(
    release: Path, tables: duckdb.DuckDBPyConnection, name: str
) -> None:
    raw = (release / ("internal" if name in measure.RETURNS else "") / f"{name}.csv").read_bytes()
    assert b"\r" not in raw
    assert raw.endswith(b"\n")
    assert not raw.startswith(b"\xef\xbb\xbf")
    header, *rows = csv.reader(raw.decode("utf-8").splitlines())
    assert header == list(described(name).columns)
    written = {True: "true", False: "false", None: ""}
    expected = [
        [written[cell] if cell is None or isinstance(cell, bool) else str(cell) for cell in row]
        for row in tables.execute(f"from {identifier(name)}").fetchall()
    ]
    assert rows == expected


def test_the_packs_asked_for_lie_in_the_internal_part_of_each_unit(
    release: Path, tables: duckdb.DuckDBPyConnection
) -> None:
    """Of each that is counted at the release's date: who didn't report has a row that says so, and no pack."""
    units = tables.execute(
        "select distinct org_code from representation_gap where org_level in ('organisation', 'system') "
        "and headcount is not null and as_at_date = (select max(as_at_date) from representation_gap)"
    ).fetchall()
    assert len(units) >= 4
    packs = {path.relative_to(release).as_posix() for path in release.rglob("internal-pack.html")}
    assert packs == {f"internal/report/{code}/internal-pack.html" for (code,) in units}
    sealed = (release / "internal" / "SHA256SUMS").read_text(encoding="utf-8")
    assert all(f"  {name.removeprefix('internal/')}\n" in sealed for name in packs)


def test_every_unit_that_has_numbers_is_there_and_no_other(tables: duckdb.DuckDBPyConnection) -> None:
    units = tables.execute("select org_code, org_level, org_type from unit").fetchall()
    gaps = tables.execute("select distinct org_code, org_level, org_type from representation_gap").fetchall()
    assert sorted(units) == sorted(gaps)


@pytest.mark.parametrize("mart", ["representation_gap", "trend", "grade_profile"])
def test_every_row_of_a_mart_finds_its_category_and_grade_group(tables: duckdb.DuckDBPyConnection, mart: str) -> None:
    for name in ("category", "grade_group"):
        key = ", ".join(described(name).key)
        assert tables.execute(f"select distinct {key} from {mart} anti join {name} using ({key})").fetchall() == []


@pytest.mark.parametrize("part", ["", "internal"])
def test_a_package_says_where_each_table_lies_and_what_it_weighs(release: Path, part: str) -> None:
    folder = release / part
    described = json.loads(canonical(package(folder)))
    assert set(described) - {"licenses"} == {
        *("$schema", "name", "title", "description", "version", "keywords", "resources"),
    }
    assert ("licenses" in described) == (part == "")
    files = {path.name for kind in ("*.parquet", "*.csv") for path in folder.glob(kind)}
    assert {one["path"] for one in described["resources"]} == files
    assert len({one["name"] for one in described["resources"]}) == len(files)
    for one in described["resources"]:
        path = folder / one["path"]
        assert re.fullmatch(r"[a-z0-9._-]+", one["name"])
        assert (one["bytes"], one["hash"]) == (path.stat().st_size, f"sha256:{file_sha256(path)}")
        assert one["contentHash"] == f"hash of {path.stem}"
        assert one["format"] == path.suffix.removeprefix(".")
        assert ("encoding" in one, "dialect" in one) == (path.suffix == ".csv", path.suffix == ".csv")
        assert one["schema"]["missingValues"] == [""]


def test_a_package_holds_no_clock_no_path_of_a_machine_and_no_number_of_rows(release: Path) -> None:
    text = canonical(package(release / "internal"))
    assert "created" not in json.loads(text)
    assert str(release) not in text
    assert '"/' not in text
    numbers = {int(number) for number in re.findall(r"(?<=[:,\[])-?\d+(?=[,}\]])", text)}
    weights = {path.stat().st_size for kind in ("parquet", "csv") for path in release.glob(f"internal/*.{kind}")}
    assert numbers <= weights | {0, 1, -100, 100}
    assert text == canonical(package(release / "internal"))


def test_a_field_says_type_unit_limits_and_the_meaning_of_words() -> None:
    fields = {field["name"]: field for field in describe.load("representation_gap").schema_()["fields"]}
    assert fields["workforce_share"] == {
        "name": "workforce_share",
        "type": "number",
        "description": "headcount divided by known_headcount",
        "unit": "share 0–1",
        "constraints": {"minimum": 0, "maximum": 1},
    }
    assert fields["org_code"]["constraints"] == {"required": True}
    assert fields["marker"]["constraints"]["enum"] == ["[c]", "[x]", "[z]", "[u]", "[r]"]
    assert fields["marker"]["categories"][1] == {"value": "[x]", "label": "not available"}


def test_a_key_that_may_be_blank_is_no_primary_key() -> None:
    assert describe.load("waterfall").schema_()["primaryKey"] == ["as_at_date", "org_code", "step"]
    submission = describe.load("submission").schema_()
    assert "primaryKey" not in submission
    assert submission["uniqueKeys"] == [["as_at_date", "org_code", "feed"]]
