"""The p-values of one board table: Benjamini–Hochberg (domain.md 4.6)."""

from pathlib import Path

import pytest
from statsmodels.stats.multitest import multipletests

from pipelines import database, reference
from pipelines.database import Connection
from pipelines.places import DataFolder
from tests.cube import ESR, mart, people, register, rounded


def test_adjusted_p_values_are_benjamini_hochberg_within_one_board_table(con: Connection) -> None:
    esr = {"classification": "esr_16"}
    grades = {"band_2": 31, "band_5": 25, "band_7": 12, "band_8a": 4}
    rows = [people(count, "H", grade=grade, **esr) for grade, count in grades.items()]
    rows += [people(200, "A", grade=grade, **esr) for grade in grades] + [people(9, "N", grade="band_2", **esr)]
    register(con, rows)
    family = [
        row
        for row in mart(con, "representation_gap", org_code="RNA", classification="esr_16", comparator="population")
        if row["p_value"] is not None
    ]
    assert {row["test_family_size"] for row in family} == {len(family)}
    _, expected, _, _ = multipletests([float(row["p_value"]) for row in family], method="fdr_bh")
    # p_value is printed to nine decimals, so that the expected value is known to family size × half of the last.
    assert [float(row["p_adjusted"]) for row in family] == pytest.approx(list(expected), abs=len(family) * 1e-9)


def test_the_published_vector_of_benjamini_and_hochberg() -> None:
    """domain.md 4.6: ten p-values go through the mart as they are; a macro stands in for the test that makes them."""
    p_values = [0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205, 0.212, 0.216]
    expected = [0.01, 0.04, 0.084, 0.084, 0.084, 0.1, 0.105714286, 0.216, 0.216, 0.216]
    with database.connect(threads=2) as con:
        reference.load(con, reference.method(DataFolder(Path("no such folder"))))
        register(con, [people(50, code, **ESR) for code in "ABCDEFGHJK"])
        con.execute("create or replace macro gap_p_value(comparator, x, n, part, whole) as part / whole")
        con.execute(
            "create table ten as select * replace ("
            "(1000 * list_extract(?::double[], row_number() over (order by category desc)))::bigint "
            "as comparator_headcount, 1000 as comparator_known_headcount) from comparison "
            "where classification = 'esr_16' and org_code = 'RNA' and comparator = 'population' "
            "and grade_group = 'band_5' and clinical = 'all' and category <= 'K'",
            [p_values],
        )
        con.execute("drop view comparison")
        con.execute("alter table ten rename to comparison")
        rows = sorted(mart(con, "representation_gap", characteristic="ethnicity"), key=lambda row: row["p_value"])
    assert [rounded(row["p_value"], 9) for row in rows] == p_values
    assert [rounded(row["p_adjusted"], 9) for row in rows] == expected
    assert {row["test_family_size"] for row in rows} == {10}


def test_a_family_of_tests_is_one_board_table(con: Connection) -> None:
    """One date, unit, kind of employment, classification and comparator; the other organisation is another table."""
    table = [people(40, "BME"), people(60, "White")]
    second_band = [people(20, "BME", grade="band_6"), people(30, "White", grade="band_6")]
    bank = [row | {"employment_type": "bank", "grade": "band_5"} for row in table]
    before = [row | {"as_at_date": "2025-03-31"} for row in table]
    sex = [people(50, category, characteristic="sex", classification="sex") for category in ("Female", "Male")]
    register(con, [*table, *second_band, *bank, *before, *(row | {"org_code": "RL4"} for row in table), *sex])
    sizes = {
        (str(row["as_at_date"]), row["org_code"], row["employment_type"], row["classification"]): row[
            "test_family_size"
        ]
        for row in mart(con, "representation_gap", comparator="population")
        if row["org_code"] != "E54000062"
    }
    # White and BME x clinical and all x one band, its tier wres_lower, cluster wdes_2, and all of afc and of all: 20.
    one_band, two_bands = 2 * 2 * 5, 2 * 2 * 7
    assert sizes["2026-03-31", "RNA", "substantive", "wres"] == two_bands
    assert sizes["2026-03-31", "RNA", "bank", "wres"] == one_band
    assert sizes["2025-03-31", "RNA", "substantive", "wres"] == one_band
    assert sizes["2026-03-31", "RL4", "substantive", "wres"] == one_band
    assert sizes["2026-03-31", "RNA", "substantive", "sex"] == one_band
