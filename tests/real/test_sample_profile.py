"""The published figures that shape the synthetic sample, computed again from the files they were carried from."""

import csv
from collections import defaultdict
from pathlib import Path

import openpyxl

REFERENCE = Path(__file__).resolve().parents[2] / "data" / "reference"

# Employers of today that had another code, or several, in September 2017.
STAND_INS = {
    "TAJ": ("TAJ", "RYK"),
    "QUA": ("05C", "05L", "05Y", "06A"),
    "QGH": ("05F", "05J", "05T", "06D"),
} | {code: (code,) for code in ("RNA", "RL4", "RBK", "RXK", "RYA", "RWP", "RLQ", "R1A")}

# STAFF_GROUP_2_CODE of the workforce statistics; 59 (unknown) is left out.
STAFF_GROUPS = {
    "nursing_and_midwifery_registered": (6, 7, 8, 9, 10, 11, 12, 14),
    "allied_health_professionals": (15, 18),
    "healthcare_scientists": (19,),
    "add_prof_scientific_and_technic": (20,),
    "students": (23,),
    "additional_clinical_services": (24, 28, 29, 33, 34, 35),
    "administrative_and_clerical": (25, 30, 36, 40, 42, 44, 47),
    "estates_and_ancillary": (26, 31, 37, 46, 48),
}
MEDICAL_GRADES = {
    "Consultant (including Directors of Public Health)": "consultant",
    "Associate Specialist": "associate_specialist",
    "Specialty Doctor": "specialty_doctor",
    "Staff Grade": "staff_grade",
    "Specialty Registrar": "specialty_registrar",
    "Core Training": "core_training",
    "Foundation Doctor Year 2": "foundation_year_2",
    "Foundation Doctor Year 1": "foundation_year_1",
    "Hospital Practitioner / Clinical Assistant": "hospital_practitioner",
    "Other and Local Hospital and Community Health Services Doctor Grades": "other_medical",
}
COUNCILS = ("E08000027", "E08000028", "E08000030", "E08000031", "E06000019", "E10000034")
NHS_GROUPS = ("White", "Mixed", "Asian", "Black", "Chinese", "Other", "Unknown")
COUNCIL_GROUPS = ("white", "mixed", "asian", "black", "other")

Rows = list[dict[str, str]]


def carried(name: str) -> Rows:
    with (REFERENCE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def afc_grade(published: str) -> str:
    """``Band 8a`` as ``band_8a``; what is not on Agenda for Change by its own name."""
    special = {"Very Senior Manager": "vsm", "Non AfC Grade": "other_grade", "Other grade": "other_grade"}
    return special.get(published.strip(), published.strip().lower().replace(" ", "_"))


def band_mix(real_data: Path) -> Rows:
    workbook = openpyxl.load_workbook(real_data / "nhs_fte_by_band" / "non_medical_staff.xlsx", read_only=True)
    rows = workbook["non_medical_staff"].iter_rows(values_only=True)
    header = next(rows)
    org, group, band, fte = (header.index(name) for name in ("ORG_CODE", "STAFF_GROUP_2_CODE", "AFC_BAND", "FTE"))
    todays_code = {old: today for today, olds in STAND_INS.items() for old in olds}
    staff_group = {code: name for name, codes in STAFF_GROUPS.items() for code in codes}
    sums: defaultdict[tuple[str, str, str], float] = defaultdict(float)
    for row in rows:
        today, name = todays_code.get(str(row[org]).strip()), staff_group.get(int(str(row[group])))
        if today and name:
            sums[today, name, afc_grade(str(row[band]))] += float(str(row[fte]))
    return [
        {"org_code": key[0], "staff_group": key[1], "grade": key[2], "fte": f"{sums[key]:.2f}"} for key in sorted(sums)
    ]


def grade_mix(real_data: Path) -> Rows:
    counts: defaultdict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    with (real_data / "nhs_england_ethnicity_by_band" / "nhs-workforce.csv").open(encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            if row["Time"] == "as at September 2017" and row["Specific_grade"] != "All":
                medical = "yes" if row["Type_of_role"] == "Medical" else "no"
                grade = MEDICAL_GRADES.get(row["Specific_grade"]) or afc_grade(row["Specific_grade"])
                counts[grade, medical][row["Ethnicity"]] = row["Headcount"]
    return [
        {"grade": grade, "medical": medical} | {group.lower(): groups[group] for group in NHS_GROUPS}
        for (grade, medical), groups in sorted(counts.items())
    ]


def council_mix(real_data: Path) -> Rows:
    source = real_data / "dfe_social_workers_by_ethnicity" / "csww_workforce_role_by_ethnicity_2019_to_2022.csv"
    with source.open(encoding="utf-8-sig") as file:
        rows = [
            {"org_code": row["new_la_code"], "grade": row["OrgRole"].lower().replace(" ", "_")}
            | {group: row[group] for group in COUNCIL_GROUPS}
            for row in csv.DictReader(file)
            if row["time_period"] == "2022" and row["new_la_code"] in COUNCILS and not row["OrgRole"].startswith("All ")
        ]
    return sorted(rows, key=lambda row: (row["org_code"], row["grade"]))


def test_band_mix_is_that_of_the_workforce_statistics(real_data: Path) -> None:
    assert carried("sample_band_mix.csv") == band_mix(real_data)


def test_grade_mix_is_that_of_ethnicity_facts_and_figures(real_data: Path) -> None:
    assert carried("sample_grade_mix.csv") == grade_mix(real_data)


def test_council_mix_is_that_of_the_department_for_education(real_data: Path) -> None:
    assert carried("sample_council_mix.csv") == council_mix(real_data)


def test_published_gradient_falls_from_band_5_to_band_9() -> None:
    mix = {row["grade"]: row for row in carried("sample_grade_mix.csv")}

    def bme_share(grade: str) -> float:
        counts = {group.lower(): int(mix[grade][group.lower()]) for group in NHS_GROUPS if group != "Unknown"}
        return 1 - counts["white"] / sum(counts.values())

    shares = [bme_share(f"band_{band}") for band in ("5", "6", "7", "8a", "8b", "8c", "8d")]
    assert shares == sorted(shares, reverse=True)
    assert bme_share("consultant") > bme_share("band_5")
