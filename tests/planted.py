"""Staff files into which known faults are put, each in a line that is kept in mind."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from tests.damage import CANARY
from tests.fuzz import STAFF_HEADER, Case, parquet, staff_rows, staff_source, workbook


# Of a staff file, a fault: what is done to a row's cells, and the rule that rejects its line. The cells after a change
# are as they stand in the file; those of a broken line can only stand in a text file.
def _cell_is(name: str, value: str) -> Callable[[list[str]], list[str]]:
    place = STAFF_HEADER.index(name)
    return lambda row: [*row[:place], value, *row[place + 1 :]]


FAULTS: dict[str, tuple[Callable[[list[str]], list[str]], str]] = {
    "a grade that nobody knows": (_cell_is("grade", CANARY), "staff.grade.not_in_list"),
    "nine posts": (_cell_is("fte", "9"), "staff.fte_range"),
    "hours in words": (_cell_is("fte", CANARY), "staff.fte.not_a_number"),
    "no such day": (_cell_is("as_at_date", "2026-02-30"), "staff.as_at_date.not_a_date"),
    "an organisation that nobody knows": (_cell_is("org_code", "RZZZ9"), "staff.organisation_known"),
    "no person": (_cell_is("person_key", ""), "staff.person_key.empty"),
    "perhaps": (_cell_is("primary_assignment", CANARY), "staff.primary_assignment.not_yes_or_no"),
}
BROKEN: dict[str, tuple[Callable[[list[str]], list[str]], str]] = {
    "a stray quote": (_cell_is("grade", 'band"5'), "line.quote"),
    "an open quote": (_cell_is("assignment_key", f'"{CANARY}'), "line.quote"),
    "a missing cell": (lambda row: row[:-1], "line.fields"),
    "a cell too many": (lambda row: [*row, CANARY], "line.fields"),
    "a byte that is no text": (_cell_is("staff_group", "\x81"), "line.encoding"),
}


@dataclass(frozen=True)
class Planted:
    """A staff file with known faults: line → the rule that rejects it."""

    case: Case
    rules: dict[int, str]


def planted(seed: int) -> Planted:
    """Return the staff file that a number makes: titles, blank lines, line ends, faults in some rows."""
    random = Random(seed)
    kind = random.choices(["csv", "xlsx", "parquet"], [8, 1, 1])[0]
    above = random.choice([[], [], [[f"{CANARY} title"]], [["A title"], [], ["Table 1"]]]) if kind != "parquet" else []
    table, rules, damage = [*above, STAFF_HEADER], dict[int, str](), []
    known = FAULTS | (BROKEN if kind == "csv" else {})
    for row in staff_rows(random.randrange(4, 30)):
        if kind != "parquet" and random.random() < 0.1:
            table.append([])
        if random.random() < 0.3:
            name = random.choice(sorted(known))
            row, rule = known[name][0](row), known[name][1]
            damage.append(name)
            rules[len(table) + (0 if kind == "parquet" else 1)] = rule
        table.append(row)
    table.append(staff_rows(31)[-1])  # the last row is good, so that none before it is a note
    source = staff_source(())
    if kind != "csv":
        content = (workbook if kind == "xlsx" else parquet)(table)
        return Planted(Case(seed, source, kind, content, tuple(damage), table), rules)
    ends = random.choice(["\n", "\n", "\r\n"])
    lines = [",".join(row) for row in table]
    content = (ends.join(lines) + random.choice([ends, ""])).encode()
    if b"\xc2\x81" in content:
        content = content.replace(b"\xc2\x81", b"\x81")
    elif random.random() < 0.3:
        content = content.decode().encode(random.choice(["utf-8-sig", "utf-16"]))
    return Planted(Case(seed, source, kind, content, tuple(damage)), rules)
