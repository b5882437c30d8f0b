"""Data quality and value mapping: what a sender's values became, and how far they carry."""

from datetime import date
from decimal import Decimal
from typing import Any

from pipelines import database
from pipelines.database import Connection
from pipelines.mapping import OrganisationMapping
from tests.staff import Row, assignment, extract, register, selected

# People by the ethnic origin that their sender wrote.
WRITTEN = {"A": 4, "C": 3, "CA White English": 2, "C2": 1, "CL": 1, "H": 5, "Z": 6, None: 7}
CATEGORY = {"CA White English": "C", "C2": "C", "CL": "C"}
STATUS = {"Z": "declined", None: "missing"}


def people(**cells: Any) -> list[Row]:
    """A row per person of WRITTEN."""
    written = [value for value, number in WRITTEN.items() for _ in range(number)]
    return [
        assignment(
            person_key=f"p{number}",
            assignment_key=f"a{number}",
            ethnicity_source_value=value,
            ethnicity=None if value in STATUS else CATEGORY.get(value, value),
            ethnicity_answer_status=STATUS.get(value, "known"),
            **cells,
        )
        for number, value in enumerate(written)
    ]


def items(con: Connection, *names: str, **where: Any) -> dict[str, Any]:
    found = selected(con, database.read_sql("marts/data_quality"), **where)
    return {row["item"]: tuple(row[name] for name in names) for row in found}


def test_white_british_is_counted_both_ways(con: Connection) -> None:
    register(con, extract(), rows=people())
    counted = items(con, "numerator", "denominator")
    assert {item: count for item, count in counted.items() if item[:3] in ("eth", "whi")} == {
        "ethnicity_home_nations_in_C": (3, 16),
        "white_british_first_letter": (4, 16),
        "white_british_reassigned": (7, 16),
        "white_other_first_letter": (7, 16),
        "white_other_reassigned": (4, 16),
    }


def test_whichever_way_the_method_reads_them(con: Connection) -> None:
    """With the switch on, the typed rows say A; both counts stay as they were."""
    switched = [
        row | ({"ethnicity": "A"} if row["ethnicity_source_value"] in ("CA White English", "C2") else {})
        for row in people()
    ]
    register(con, extract(), rows=switched)
    counted = items(con, "numerator")
    assert (counted["white_british_first_letter"], counted["white_british_reassigned"]) == ((4,), (7,))


def test_travellers_codes_are_partial_evidence(con: Connection) -> None:
    register(con, extract(), rows=people())
    ((count, note),) = [items(con, "numerator", "note")["gypsy_traveller_codes"]]
    assert count == 1
    assert "partial evidence" in note


def test_people_in_no_band_are_counted(con: Connection) -> None:
    rows = [assignment(), assignment(person_key="p2", assignment_key="a2", grade="other_grade")]
    register(con, extract(), rows=[*rows, assignment(person_key="p3", assignment_key="a3", grade="band_6")])
    assert items(con, "numerator", "share", "marker")["grade_other"] == (1, Decimal("0.333333333"), "[u]")


def test_rejected_rows_are_a_share_of_all_rows(con: Connection) -> None:
    register(con, extract(accepted=29, rejected=1), rows=people())
    assert items(con, "numerator", "denominator", "share", "marker")["rows_rejected"] == (
        *(1, 30, Decimal("0.033333333"), None),
    )


def test_rejected_rows_of_a_file_about_several_are_not_available(con: Connection) -> None:
    register(con, extract(rejected=1), rows=[assignment(), assignment(org_code="RL4")])
    assert items(con, "numerator", "share", "marker", org_code="RL4")["rows_rejected"] == (None, None, "[x]")


def test_only_substantive_people_who_count_are_in_it(con: Connection) -> None:
    rows = [assignment(), assignment(assignment_key="a2", employment_type="bank", person_key="p2", grade="other_grade")]
    register(con, extract(), rows=rows)
    assert items(con, "numerator", "denominator")["grade_other"] == (0, 1)


def test_of_nobody_there_is_no_share(con: Connection) -> None:
    register(con, extract(), rows=[assignment(employment_type="bank")])
    assert items(con, "denominator", "share", "marker")["grade_other"] == (0, None, "[z]")


def test_every_value_ends_as_something_and_no_row_is_lost(con: Connection) -> None:
    twice = assignment(person_key="p0", assignment_key="b", primary_assignment=False)
    register(con, extract(), rows=[*people(), twice])
    names = ("source_value", "classification", "category", "answer_status", "rows", "people")
    found = [tuple(row[name] for name in names) for row in selected(con, "from value_mapping", field="ethnicity")]
    assert sorted(found, key=lambda row: row[0] or "~") == [
        ("A", "esr_16", "A", "known", 5, 4),
        ("C", "esr_16", "C", "known", 3, 3),
        ("C2", "esr_16", "C", "known", 1, 1),
        ("CA White English", "esr_16", "C", "known", 2, 2),
        ("CL", "esr_16", "C", "known", 1, 1),
        ("H", "esr_16", "H", "known", 5, 5),
        ("Z", "esr_16", None, "declined", 6, 6),
        (None, "esr_16", None, "missing", 7, 7),
    ]


def test_every_field_that_the_file_has_is_mapped(con: Connection) -> None:
    names = ("sex", "age", "disability", "religion", "sexual_orientation", "marital_status")
    answers = {f"{name}_{part}": part for name in names for part in ("classification", "answer_status", "source_value")}
    register(con, extract(), rows=[assignment(**answers)])
    fields = {row["field"]: row["source_value"] for row in selected(con, "from value_mapping")}
    assert fields == dict.fromkeys(names, "source_value") | {"ethnicity": "A", "grade": "band_5"}


def test_a_field_that_the_file_lacks_is_not_in_it(con: Connection) -> None:
    register(con, extract(), rows=[assignment()])
    assert {row["field"] for row in selected(con, "from value_mapping")} == {"ethnicity", "grade"}


def test_what_another_file_speaks_for_is_not_in_it(con: Connection) -> None:
    register(con, extract(), rows=[assignment(), assignment(extract="y", org_code="RL4")])
    assert {row["org_code"] for row in selected(con, "from value_mapping")} == {"RNA"}


def test_a_word_of_the_organisations_own_says_who_mapped_it(con: Connection) -> None:
    mapping = OrganisationMapping.model_validate(
        {
            "organisation": "RNA",
            "owner": "Workforce information manager",
            "date": "2026-04-01",
            "columns": {"grade": {"Trust Exec 2": "vsm"}},
        }
    )
    rows = [
        assignment(grade="vsm", grade_source_value="Trust Exec 2"),
        assignment(person_key="p2", assignment_key="a2"),
        assignment(org_code="RXK", grade="vsm", grade_source_value="Trust Exec 2"),
    ]
    register(con, extract(), rows=rows, mappings=[mapping])
    found = selected(con, "from value_mapping order by org_code, source_value desc", field="grade")
    assert [(row["org_code"], row["source_value"], row["mapped_by"], row["mapped_on"]) for row in found] == [
        ("RNA", "band_5", None, None),
        ("RNA", "Trust Exec 2", "Workforce information manager", date(2026, 4, 1)),
        ("RXK", "Trust Exec 2", None, None),
    ]
