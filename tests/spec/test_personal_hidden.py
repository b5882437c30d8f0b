"""Personal data where no column is read: they stop the file all the same, before anything of it is moved or kept."""

import pytest

from tests.spec.test_ingest import STAFF, staff_csv
from tests.spec.test_personal import NHS, Take, refused, take

__all__ = ["take"]  # the fixture


def test_a_column_beyond_the_header(take: Take) -> None:
    header, *rows = staff_csv(*({"person_key": f"p{number}"} for number in range(len(NHS)))).splitlines()
    text = "\n".join([header, *(f"{row},{number}" for row, number in zip(rows, NHS, strict=True)), ""])
    assert refused(take(text)) == [(f"column {len(STAFF) + 1}", "nhs_number")]


def test_lines_that_end_in_carriage_returns_alone(take: Take) -> None:
    assert refused(take("Surname,NHS No,Sex\rDoe,9434765919,F\r")) == [("Surname", "name"), ("NHS No", "nhs_number")]


def test_a_first_line_that_is_somebodys_is_not_repeated(take: Take) -> None:
    ingested = take("Jane prefers phone to mail,x1,7\nJohn too,x2,8\n")
    assert "Jane" not in "".join(one.sentence + one.column for one in ingested.refusals)
    assert refused(ingested) == [("column 1", "phone")]


@pytest.mark.parametrize("rows", [3, 40])
def test_numbers_as_a_program_writes_them_beside_empty_cells(take: Take, rows: int) -> None:
    keys = [f"{number}.0" for number in (NHS * 4)[:rows]]
    text = staff_csv(*({"person_key": key, "assignment_key": f"a{number}"} for number, key in enumerate(keys)))
    assert refused(take(text)) == [("person_key", "nhs_number")]
