"""The waterfall: what became of every row of a sender's file."""

from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines import listing
from pipelines.database import Connection
from tests.staff import Row, accept, assignment, counted_as, extract, register, selected

SLOW = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

BANK: Row = {"employment_type": "bank", "fte": None}
EVERYBODY = [
    assignment(person_key="p1", assignment_key="a01", fte="0.6000"),
    assignment(person_key="p1", assignment_key="a02", fte="0.4000", primary_assignment=False),
    assignment(person_key="p1", assignment_key="a03", **BANK),
    assignment(person_key="p2", assignment_key="a04", **BANK),
    assignment(person_key="p2", assignment_key="a05", employment_type="bank", fte="0.2000", primary_assignment=False),
    assignment(
        person_key="p3", assignment_key="a06", employment_type="other", assignment_category="honorary", fte="0.1"
    ),
    assignment(person_key="p4", assignment_key="a07", employment_type="other", assignment_category="non_executive"),
    assignment(person_key="p5", assignment_key="a08", assignment_category="agency", fte="0.7000"),
    assignment(person_key="p6", assignment_key="a09", assignment_status="career_break", fte="0.5000"),
    assignment(person_key="p7", assignment_key="a10", fte="0.0000"),
    assignment(person_key="p8", assignment_key="a11", employment_type="other", fte="0.3000"),
    assignment(person_key="p2", assignment_key="a12", employment_type="other", fte="0.9000"),
    assignment(person_key="p9", assignment_key="a13", fte="1.0000"),
]


def lines(con: Connection, *names: str, **where: Any) -> list[tuple[Any, ...]]:
    """The waterfall's lines of one organisation, without those of which there are none."""
    found = selected(con, "from waterfall order by org_code, as_at_date, step", **where)
    return [tuple(row[name] for name in ("rule", *names)) for row in found if row["rows"] != 0]


def fates(con: Connection, rows: list[Row]) -> dict[str, str]:
    accept(con, rows)
    return {row["assignment_key"]: row["fate"] for row in selected(con, "from fate")}


def test_every_row_has_one_fate_and_leads_to_the_people_counted(con: Connection) -> None:
    register(con, extract(accepted=13, rejected=2, checking=1, stopped=3), rows=EVERYBODY)
    assert lines(con, "rows", "rows_left", "people", "fte", "marker") == [
        ("rows_in", 19, 19, 9, Decimal("5.7000"), None),
        ("rejected", 2, 17, None, None, "[x]"),
        ("checking", 1, 16, None, None, "[x]"),
        ("stopped", 3, 13, None, None, "[x]"),
        ("bank_only", 2, 11, 1, Decimal("0.2000"), None),
        ("honorary", 1, 10, 1, Decimal("0.1000"), None),
        ("non_executive", 1, 9, 1, Decimal("1.0000"), None),
        ("agency", 1, 8, 1, Decimal("0.7000"), None),
        ("career_break", 1, 7, 1, Decimal("0.5000"), None),
        ("no_fte", 1, 6, 1, Decimal("0.0000"), None),
        ("other_only", 1, 5, 1, Decimal("0.3000"), None),
        ("also_bank", 1, 4, 0, Decimal("0.0000"), None),
        ("also_other", 1, 3, 0, Decimal("0.9000"), None),
        ("duplicate", 1, 2, 0, Decimal("0.0000"), None),
        ("people", 2, 2, 2, Decimal("2.0000"), None),
        ("bank_rows", 2, 2, 1, Decimal("0.2000"), None),
        ("bank_duplicate", 1, 1, 0, Decimal("0.0000"), None),
        ("bank_people", 1, 1, 1, Decimal("0.2000"), None),
        ("other_rows", 1, 1, 1, Decimal("0.3000"), None),
        ("other_people", 1, 1, 1, Decimal("0.3000"), None),
    ]


def test_its_people_are_those_of_the_cube(con: Connection) -> None:
    register(con, extract(), rows=EVERYBODY)
    cube = selected(con, "from headcount where characteristic = 'total' order by employment_type")
    counted = [(row["employment_type"], row["headcount"], row["fte"]) for row in cube]
    assert counted == [
        ("bank", 1, Decimal("0.2000")),
        ("other", 1, Decimal("0.3000")),
        ("substantive", 2, Decimal("2.0000")),
    ]


def test_every_line_is_there_in_order_and_in_words(con: Connection) -> None:
    register(con, extract(), rows=[assignment()])
    found = selected(con, "from waterfall order by step")
    assert [row["step"] for row in found] == list(range(22))
    assert all(row["meaning"] for row in found)


def test_a_rule_that_comes_first_decides(con: Connection) -> None:
    rows = [
        assignment(assignment_key="a1", employment_type="bank", assignment_category="honorary"),
        assignment(
            assignment_key="a2", person_key="p2", assignment_category="honorary", assignment_status="career_break"
        ),
        assignment(assignment_key="a3", person_key="p3", assignment_status="career_break", fte="0.0000"),
    ]
    assert fates(con, rows) == {"a1": "bank_only", "a2": "honorary", "a3": "career_break"}


def test_a_person_leaves_once_with_the_last_of_their_assignments(con: Connection) -> None:
    rows = [assignment(assignment_category="honorary"), assignment(assignment_key="a2", fte="0.0000")]
    register(con, extract(), rows=rows)
    assert lines(con, "rows", "people") == [("rows_in", 2, 1), ("honorary", 1, 0), ("no_fte", 1, 1)]


def test_where_the_method_counts_nobody_on_the_bank_its_population_is_empty(con: Connection) -> None:
    rows = [
        assignment(),
        assignment(assignment_key="a2", **BANK),
        assignment(person_key="p2", assignment_key="a3", **BANK),
    ]
    with counted_as(con, bank="none"):
        register(con, extract(), rows=rows)
    assert lines(con, "rows", "people") == [
        *(("rows_in", 3, 2), ("bank_only", 1, 1), ("also_bank", 1, 0), ("people", 1, 1)),
    ]


def test_rejected_rows_of_a_file_about_several_cant_be_attributed(con: Connection) -> None:
    register(con, extract(rejected=2), rows=[assignment(), assignment(org_code="RL4")])
    assert lines(con, "rows", "rows_left", "marker", org_code="RNA") == [
        *(("rows_in", 1, 1, None), ("rejected", None, 1, "[x]"), ("checking", None, 1, "[x]"), ("people", 1, 1, None)),
    ]


def test_nor_where_the_file_gave_way_about_some_of_it(con: Connection) -> None:
    rows = [assignment(), assignment(as_at_date="2026-02-28")]
    register(con, extract(rejected=2, owns=(("RNA", "2026-03-31"),)), rows=rows)
    assert {row["as_at_date"].isoformat() for row in selected(con, "from waterfall")} == {"2026-03-31"}
    assert ("rejected", None) in lines(con, "rows")


def test_only_the_file_that_speaks_for_an_employer_is_followed(con: Connection) -> None:
    rows = [assignment(), assignment(extract="y"), assignment(extract="y", person_key="p2", assignment_key="a2")]
    register(con, extract(sha256="y"), rows=rows)
    assert lines(con, "rows") == [("rows_in", 2), ("people", 2)]


def test_hours_that_a_file_doesnt_give_are_not_available_and_not_none(con: Connection) -> None:
    rows = [assignment(fte=None), assignment(person_key="p2", assignment_key="a2", **BANK)]
    register(con, extract(), rows=rows)
    assert lines(con, "people", "fte", "marker") == [
        ("rows_in", 2, None, "[x]"),
        ("bank_only", 1, Decimal("0.0000"), None),
        ("people", 1, None, "[x]"),
        ("bank_rows", 1, None, "[x]"),
        ("bank_people", 1, None, "[x]"),
    ]
    assert {row["fte"] for row in selected(con, "from headcount")} == {None}
    register(con, extract(), rows=[*rows, assignment(person_key="p3", assignment_key="a3", fte="0.5000")])
    assert lines(con, "fte", "marker", rule="people") == [("people", Decimal("0.5000"), None)]


def test_the_terminal_shows_it_over_all_organisations(con: Connection) -> None:
    rows = [*EVERYBODY, assignment(org_code="RL4"), assignment(org_code="RL4", assignment_key="a2", fte="0.1250")]
    register(con, extract(), rows=rows)
    assert listing.waterfall_lines(con) == [
        "From rows to people: 2 organisations                 rows    people          FTE",
        "rows in                                                15        10         6.83",
        "− rejected                                            [x]       [x]          [x]",
        "− subtotals                                           [x]       [x]          [x]",
        "− bank, of people who aren't substantive                2         1         0.20",
        "− honorary                                              1         1         0.10",
        "− non-executive                                         1         1         1.00",
        "− agency                                                1         1         0.70",
        "− career break                                          1         1         0.50",
        "− without contracted hours                              1         1         0.00",
        "− other employment, of people not counted above         1         1         0.30",
        "− bank, of substantive people                           1         0         0.00",
        "− other employment, of people counted above             1         0         0.90",
        "− further assignments of substantive people             2         0         0.00",
        "= substantive people                                    3         3         3.13",
        "bank                                                    2         1         0.20",
        "− further assignments of bank-only people               1         0         0.00",
        "= bank-only people                                      1         1         0.20",
        "other employment                                        1         1         0.30",
        "= people in other employment only                       1         1         0.30",
    ]


assignments = st.lists(
    st.builds(
        lambda **cells: assignment(**cells),
        person_key=st.sampled_from(["p1", "p2", "p3"]),
        org_code=st.sampled_from(["RNA", "RL4"]),
        employment_type=st.sampled_from(["substantive", "bank", "other"]),
        assignment_category=st.sampled_from([None, "permanent", "bank", "honorary", "non_executive", "agency"]),
        assignment_status=st.sampled_from([None, "active", "career_break"]),
        primary_assignment=st.booleans(),
        fte=st.sampled_from([None, "0.0000", "0.5000", "1.0000"]),
    ),
    min_size=1,
    max_size=12,
)
populations = st.sampled_from(["substantive", "bank", "other", "none"])


@SLOW
@given(rows=assignments, rejected=st.integers(0, 5), bank=populations, honorary=populations, other=populations)
def test_rows_in_are_the_rows_taken_out_and_the_people_counted(
    con: Connection, rows: list[Row], rejected: int, **choices: str
) -> None:
    keyed = [row | {"assignment_key": f"a{number:02}"} for number, row in enumerate(rows)]
    with counted_as(con, **choices):
        register(con, extract(accepted=len(rows), rejected=rejected), rows=keyed)
    for org_code in {row["org_code"] for row in rows}:
        mine = selected(con, "from waterfall order by step", org_code=org_code)
        for population in ("substantive", "bank", "other"):
            (first, *steps, last) = [row for row in mine if row["population"] == population]
            assert first["rows"] == sum(row["rows"] or 0 for row in steps) + last["rows"]
            assert first["people"] == sum(row["people"] or 0 for row in steps) + last["people"]
            assert (first["fte"] or 0) == sum(row["fte"] or 0 for row in [*steps, last])
            assert steps[-1]["rows_left"] == last["rows"] == last["people"]
        assert mine[0]["people"] == len({row["person_key"] for row in rows if row["org_code"] == org_code})
    counted = selected(con, "from headcount where characteristic = 'total'")
    people = selected(con, "from waterfall where rule in ('people', 'bank_people', 'other_people')")
    assert sum(row["headcount"] for row in counted) == sum(row["people"] for row in people)
