"""The synthetic sample: reproducible, in our own template, and with the difficulties that real extracts have."""

import csv
import hashlib
import os
import subprocess
import sys
from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from pipelines import sidecar
from pipelines.sample import load_profile, write_sample

HEADER = (
    "as_at_date,org_code,person_key,assignment_key,employment_type,assignment_category,assignment_status,"
    "primary_assignment,grade,staff_group,fte,sex,age_band,"
    "ethnicity,disability,religion,sexual_orientation,marital_status,extracted_on,synthetic"
)
LAST = "2026-03-31"
BME_LETTERS = set("DEFGHJKLMNPRS")
Rows = list[dict[str, str]]


def read(files: list[Path]) -> Rows:
    rows: Rows = []
    for path in files:
        with path.open(encoding="utf-8", newline="") as file:
            rows += csv.DictReader(file)
    return rows


def digest(files: list[Path]) -> str:
    with_sidecars = [one for path in files for one in (path, sidecar.beside(path))]
    return hashlib.sha256(b"".join(path.name.encode() + path.read_bytes() for path in with_sidecars)).hexdigest()


def heads(rows: Rows) -> set[str]:
    return {row["person_key"] for row in rows}


def bme_share(rows: Rows) -> float:
    letters = [row["ethnicity"][0] for row in rows if row["ethnicity"] not in ("Z", "99")]
    return sum(letter in BME_LETTERS for letter in letters) / len(letters)


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_sample(tmp_path_factory.mktemp("panel"), people=3_000, months=6)


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Rows:
    return read(write_sample(tmp_path_factory.mktemp("month"), people=20_000, months=1))


def test_same_arguments_give_the_same_bytes_in_another_process(tmp_path: Path) -> None:
    here = write_sample(tmp_path / "here", people=300, months=3, seed=7)
    code = (
        "import sys; from pathlib import Path; from pipelines.sample import write_sample; "
        "write_sample(Path(sys.argv[1]), 300, 3, 7)"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "99", "OMP_NUM_THREADS": "1"}
    root = Path(__file__).resolve().parents[2]
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "there")], check=True, cwd=root, env=environment)
    assert digest(here) == digest([tmp_path / "there" / path.name for path in here])


def test_another_seed_gives_other_people(tmp_path: Path) -> None:
    one, two = (write_sample(tmp_path / str(seed), people=300, months=1, seed=seed) for seed in (1, 2))
    assert not heads(read(one)) & heads(read(two))


def test_every_file_has_our_header_and_unix_line_ends(panel: list[Path]) -> None:
    for path in panel:
        content = path.read_bytes()
        assert content.startswith(HEADER.encode() + b"\n")
        assert content.endswith(b",yes\n")
        assert b"\r" not in content
        assert b'"' not in content


def test_files_are_named_by_employer_and_month(panel: list[Path]) -> None:
    for path in panel:
        assert {f"synthetic_staff_{row['org_code']}_{row['as_at_date']}.csv" for row in read([path])} == {path.name}


def test_seventeen_employers_share_the_people_asked_for(panel: list[Path]) -> None:
    by_month = Counter(path.stem[-10:] for path in panel)
    assert len(by_month) == 6
    for as_at, files in by_month.items():
        if files == 17:
            rows = [row for row in read(panel) if row["as_at_date"] == as_at]
            assert len(heads(rows)) == pytest.approx(3_000, rel=0.02)


def test_some_people_have_several_assignments_and_no_more_than_one_full_time_equivalent(month: Rows) -> None:
    assert len({row["assignment_key"] for row in month}) == len(month)
    assert 1.05 < len(month) / len(heads(month)) < 1.2
    fte: Counter[str] = Counter()
    for row in month:
        fte[row["person_key"]] += round(float(row["fte"]) * 10_000)
    assert max(fte.values()) == 10_000


def test_each_person_has_one_primary_assignment_per_employment_type(month: Rows) -> None:
    everybody = {(row["person_key"], row["employment_type"]) for row in month}
    primary = Counter(
        (row["person_key"], row["employment_type"]) for row in month if row["primary_assignment"] == "yes"
    )
    assert set(primary) == everybody
    assert set(primary.values()) == {1}


def test_bank_only_people_work_at_trusts_and_not_in_senior_bands(month: Rows) -> None:
    substantive = heads([row for row in month if row["employment_type"] == "substantive"])
    bank_only = [row for row in month if row["employment_type"] == "bank" and row["person_key"] not in substantive]
    assert 0.04 < len(bank_only) / len(substantive) < 0.08
    assert all(len(row["org_code"]) == 3 and not row["org_code"].startswith("Q") for row in bank_only)
    assert not any(row["grade"].startswith(("band_8", "band_9", "vsm")) for row in bank_only)


def test_every_kind_of_assignment_that_a_rule_names_occurs(month: Rows) -> None:
    categories = Counter((row["employment_type"], row["assignment_category"]) for row in month)
    assert set(categories) == {
        *(("substantive", word) for word in ("permanent", "fixed_term", "locum")),
        *(("other", word) for word in ("honorary", "non_executive", "agency", "other")),
        ("bank", "bank"),
    }
    statuses = Counter(row["assignment_status"] for row in month)
    assert set(statuses) == {"active", "maternity", "secondment_out", "career_break", "suspended"}
    without_hours = [row for row in month if row["employment_type"] == "substantive" and float(row["fte"]) == 0]
    assert 0.002 < len(without_hours) / len(month) < 0.006
    assert 0.003 < statuses["career_break"] / len(month) < 0.01


def test_non_executives_are_on_boards_without_a_band_or_hours(month: Rows) -> None:
    board = [row for row in month if row["assignment_category"] == "non_executive"]
    assert {(row["grade"], row["staff_group"], row["fte"]) for row in board} == {
        ("other_grade", "administrative_and_clerical", "0.0000")
    }
    assert not any(row["org_code"].startswith("E") for row in board)


def test_the_least_sample_has_somebody_who_counts_at_each_employer(tmp_path: Path) -> None:
    rows = read(write_sample(tmp_path, people=17, months=1))
    assert {row["org_code"] for row in rows if row["employment_type"] == "substantive" and float(row["fte"])} == {
        employer["org_code"] for employer in load_profile().employers
    }
    assert {row["assignment_status"] for row in rows} == {"active"}


def test_a_sidecar_says_what_its_sender_counted(panel: list[Path]) -> None:
    settings = load_profile().settings
    for path in panel:
        rows, beside = read([path]), sidecar.read(path)
        org_code = rows[0]["org_code"]
        assert {row["extracted_on"] for row in rows} == {str(beside.extracted_on)}
        if org_code in settings["sends_no_totals"]:
            assert beside.control_totals == ()
            continue
        (total,) = beside.control_totals
        assert (total.organisation, str(total.as_at)) == (org_code, rows[0]["as_at_date"])
        if org_code in settings["counts_only_substantive"]:
            rows = [row for row in rows if row["employment_type"] == "substantive"]
        people = len(rows) if org_code in settings["counts_assignments_as_people"] else len(heads(rows))
        assert (total.people, total.assignments) == (people, len(rows))
        assert total.fte == sum(Decimal(row["fte"]) for row in rows)


def test_one_extract_is_late_and_one_absent(panel: list[Path]) -> None:
    days = Counter(
        (row["org_code"], row["as_at_date"])
        for row in read(panel)
        if (date.fromisoformat(row["extracted_on"]) - date.fromisoformat(row["as_at_date"])).days != 5
    )
    assert list(days) == [("RLQ", "2025-11-30")]
    assert "synthetic_staff_RWP_2026-01-31.csv" not in {path.name for path in panel}
    assert len(panel) == 17 * 6 - 1


@pytest.mark.parametrize(("months", "files"), [(1, 17), (2, 33), (3, 50)])
def test_a_short_panel_ends_complete(tmp_path: Path, months: int, files: int) -> None:
    written = write_sample(tmp_path, people=60, months=months)
    assert len(written) == files
    last = [row for row in read(written) if row["as_at_date"] == LAST]
    assert len({row["org_code"] for row in last}) == 17
    assert {row["extracted_on"] for row in last} == {"2026-04-05"}


def test_consecutive_months_resemble_each_other(panel: list[Path]) -> None:
    rows = [row for row in read(panel) if row["org_code"] == "RL4" and row["assignment_key"].endswith("-1")]
    before, after = (
        {row["person_key"]: row for row in rows if row["as_at_date"] == month} for month in ("2026-02-28", LAST)
    )
    stayed = before.keys() & after.keys()
    assert 0.96 < len(stayed) / len(before) < 1
    assert len(after.keys() - before.keys()) > 0
    for column, most in (("sex", 0), ("staff_group", 0), ("grade", 0.02), ("disability", 0.02), ("ethnicity", 0.02)):
        assert sum(before[key][column] != after[key][column] for key in stayed) <= most * len(stayed)


def test_walsall_healthcare_leaves_more_than_forty_per_cent_of_disability_undisclosed(month: Rows) -> None:
    def undisclosed(org_code: str) -> float:
        answers = [row["disability"] for row in month if row["org_code"] == org_code]
        return sum(answer not in ("Yes", "No") for answer in answers) / len(answers)

    assert undisclosed("RBK") > 0.4
    assert all(0.03 < undisclosed(org_code) < 0.22 for org_code in ("RNA", "RL4", "RXK", "RWP", "RLQ", "R1A"))


def test_bme_share_falls_with_the_band_and_differs_between_the_systems(month: Rows) -> None:
    bands = [
        [row for row in month if row["grade"] in grades]
        for grades in (("band_5",), ("band_6", "band_7"), ("band_8c", "band_8d", "band_9"))
    ]
    shares = [bme_share(rows) for rows in bands]
    assert shares == sorted(shares, reverse=True)
    assert bme_share([row for row in month if row["staff_group"] == "medical_and_dental"]) > shares[0]
    by_trust = {
        org: bme_share([row for row in month if row["org_code"] == org]) for org in ("RXK", "RL4", "RWP", "R1A")
    }
    assert by_trust["RXK"] > by_trust["RL4"] > by_trust["RWP"] > by_trust["R1A"]


def test_most_staff_are_women_and_fewer_of_the_most_senior(month: Rows) -> None:
    def women(rows: Rows) -> float:
        return sum(row["sex"] == "Female" for row in rows) / len(rows)

    assert women(month) == pytest.approx(0.77, abs=0.02)
    assert women([row for row in month if row["grade"] in ("band_8d", "band_9", "vsm")]) < 0.65


def test_groups_of_one_to_four_occur_in_senior_bands(month: Rows) -> None:
    groups = Counter(
        (row["org_code"], row["grade"])
        for row in month
        if row["grade"] in ("band_8c", "band_8d", "band_9", "vsm") and row["ethnicity"][0] in BME_LETTERS
    )
    assert sum(1 <= headcount <= 4 for headcount in groups.values()) >= 5


def test_every_value_stands_in_the_profile(month: Rows) -> None:
    profile = load_profile()
    assert {row["grade"] for row in month} <= set(profile.grades)
    assert {row["staff_group"] for row in month} == set(profile.staff_groups)
    assert {row["age_band"] for row in month} == set(profile.settings["age_bands"])
    for name, labels in profile.labels.items():
        assert {row[name] for row in month} <= set(labels)
    assert {row["synthetic"] for row in month} == {"yes"}


def test_progress_is_told_once_per_month(tmp_path: Path) -> None:
    told: list[str] = []
    write_sample(tmp_path, people=17, months=2, progress=told.append)
    assert [sentence[:10] for sentence in told] == ["2026-02-28", LAST]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"people": 16}, "each of the 17 employers needs somebody"),
        ({"months": 0}, "between 1 and 240"),
        ({"seed": -1}, "zero or more"),
        ({"last_month": date(2026, 3, 30)}, "did you mean 2026-03-31"),
    ],
)
def test_nonsense_is_refused_and_nothing_written(tmp_path: Path, arguments: dict[str, int], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        write_sample(tmp_path / "landing", **arguments)  # type: ignore[arg-type]
    assert not (tmp_path / "landing").exists()
