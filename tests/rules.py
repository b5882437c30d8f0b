"""Rows of typed tables for the tests of the rules: a good one of each feed, and tables of groups."""

from collections.abc import Callable, Mapping
from typing import Any

from tests.typed import Row

# What a rule found in a table of rows: file, lines, column.
Found = list[tuple[str, tuple[int, ...], str]]
Find = Callable[..., list[Found]]

HEADCOUNT = {
    "file": "counts.csv",
    "as_at_date": "2022-09-30",
    "org_code": "RNA",
    "employment_type": "substantive",
    "grade": "band_5",
    "clinical": "unknown",
    "staff_group": "unknown",
    "characteristic": "ethnicity",
    "classification": "ons_5",
    "answer_status": "known",
}
POPULATION = {
    "file": "residents.csv",
    "area_code": "W06000001",  # in no reference table
    "characteristic": "ethnicity",
    "classification": "ons_5",
    "answer_status": "known",
    "age_range": "all",
    "vintage": "2021-03-21",
}
ASSIGNMENT = {
    "file": "staff.csv",
    "as_at_date": "2026-01-31",
    "org_code": "RNA",
    "employment_type": "substantive",
    "primary_assignment": "true",
    "grade": "band_5",
    "staff_group": "unknown",
    "fte": "1",
    "ethnicity_classification": "esr_16",
    "ethnicity_answer_status": "known",
}


def row(template: Mapping[str, Any], line: int, **cells: Any) -> Row:
    return template | {"line": line} | cells


def groups(people: Mapping[str, int | None], line: int = 2, **cells: Any) -> list[Row]:
    """A row of `headcount` per group, on a line of its own; None is a count that the publisher hid."""
    return [
        row(HEADCOUNT, line + number, category=category)
        | {"headcount": None if count is None else str(count), "marker": "[c]" if count is None else None}
        | cells
        for number, (category, count) in enumerate(people.items())
    ]


def staff(file: str, day: str, answers: Mapping[str, int], assignments: int = 1, **cells: Any) -> list[Row]:
    """So many people with each answer, each with as many assignments."""
    people = [answer for answer, count in answers.items() for _ in range(count)]
    return [
        row(ASSIGNMENT, 2 + number * assignments + extra, file=file, as_at_date=day, ethnicity=answer)
        | {"person_key": f"p{number}", "assignment_key": f"a{number}.{extra}"}
        | {"primary_assignment": "true" if extra == 0 else "false"}
        | cells
        for number, answer in enumerate(people)
        for extra in range(assignments)
    ]


# Of each feed: the column of its code, a good row, and the rule about a code that isn't known.
FEEDS = {
    "staff": ("org_code", ASSIGNMENT | {"person_key": "p", "assignment_key": "a"}, "staff.organisation_known"),
    "headcount": ("org_code", HEADCOUNT | {"category": "White", "headcount": "1"}, "headcount.organisation_known"),
    "population": ("area_code", POPULATION | {"category": "White", "population": "1"}, "population.area_code"),
}
