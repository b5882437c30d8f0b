"""The catchments, and what the mart makes of them, against the files of OHID and ONS."""

import csv
from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from pipelines.database import Connection
from tests.cube import Row, one, people, register
from tests.reference_tables import packaged

TRUSTS = ("RBK", "RL4", "RLQ", "RNA", "RWP", "RXK")
BLACK_COUNTRY = ("E08000027", "E08000028", "E08000030", "E08000031")


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def published(real_data: Path) -> dict[str, dict[str, Decimal]]:
    """The share of each trust's patients in each area, as OHID has it."""
    shares: dict[str, dict[str, Decimal]] = defaultdict(dict)
    for row in read(real_data / "geography" / "trust_catchment_ltla21.csv"):
        shares[row["nhs_trust22_code"]][row["ltla21_code"]] = Decimal(row["proportion_trust_came_from_ltla"])
    return shares


def residents(real_data: Path) -> dict[str, tuple[int, int]]:
    """White residents and all others of each lower-tier authority: Census 2021, TS021."""
    white: dict[str, int] = defaultdict(int)
    others: dict[str, int] = defaultdict(int)
    for row in read(real_data / "census2021" / "ethnicity21_ltla21.csv"):
        if row["ethnic_group"].endswith("(number)"):
            counts = white if row["ethnic_group"].startswith("White: ") else others
            counts[row["ltla21_code"]] += int(float(row["value"]))
    return {area: (white[area], others[area]) for area in white}


def test_the_catchments_are_the_published_shares_to_twelve_decimals(real_data: Path) -> None:
    held: dict[str, dict[str, Decimal]] = defaultdict(dict)
    for row in packaged("catchments"):
        assert len(row["weight"]) == len("0.123456789012")
        held[row["org_code"]][row["area_code"]] = Decimal(row["weight"])
    expected = {
        trust: {area: share.quantize(Decimal("1e-12"), ROUND_HALF_UP) for area, share in shares.items()}
        for trust, shares in published(real_data).items()
    }
    assert tuple(sorted(expected)) == TRUSTS
    for shares in expected.values():
        shares[max(shares, key=lambda area: shares[area])] += 1 - sum(shares.values())
    assert held == expected
    assert {sum(shares.values()) for shares in held.values()} == {1}


def test_how_much_of_each_catchment_lies_in_its_system(real_data: Path) -> None:
    """domain.md 5.5: .5206 of RXK's patients live in the Black Country, .6946 of RL4's, .9043, .8476, .9365, .9372."""
    assert sum(published(real_data)["RXK"][area] for area in BLACK_COUNTRY).quantize(Decimal("1e-4")) == Decimal(
        "0.5206"
    )
    system = {row["org_code"]: row["parent_code"] for row in packaged("organisations")}
    areas = defaultdict(set)
    for row in packaged("footprints"):
        areas[row["org_code"]].add(row["area_code"])
    inside: dict[str, Decimal] = defaultdict(Decimal)
    for row in packaged("catchments"):
        if row["area_code"] in areas[system[row["org_code"]]]:
            inside[row["org_code"]] += Decimal(row["weight"])
    rounded = {trust: str(weight.quantize(Decimal("1e-4"))) for trust, weight in inside.items()}
    assert rounded == {
        "RBK": "0.8476",
        "RL4": "0.6946",
        "RLQ": "0.9372",
        "RNA": "0.9043",
        "RWP": "0.9365",
        "RXK": "0.5206",
    }


def catchment_row(con: Connection, trust: str, sent: list[Row]) -> Row:
    register(con, [people(300, "BME", org_code=trust), people(700, "White", org_code=trust)], residents=sent)
    cells = {"grade_group": "band_5", "clinical": "all", "category": "BME", "comparator": "catchment"}
    return one(con, "representation_gap", org_code=trust, **cells)


def by_hand(real_data: Path, trust: str) -> Fraction:
    """The share of BME residents of each area, weighted by the published share of the trust's patients there."""
    weights, counts = published(real_data)[trust], residents(real_data)
    weighted = sum(Fraction(weight) * Fraction(counts[area][1], sum(counts[area])) for area, weight in weights.items())
    return weighted / Fraction(sum(weights.values()))


@pytest.mark.parametrize("trust", TRUSTS)
def test_the_mart_weighs_the_public_residents_by_the_public_shares(
    con: Connection, real_data: Path, trust: str
) -> None:
    counts = residents(real_data)
    sent = [
        {"area_code": area, "characteristic": "ethnicity", "classification": "wres", "category": category}
        | {"answer_status": "known", "age_range": "all", "population": count, "vintage": "2021-03-21"}
        for area in published(real_data)[trust]
        for category, count in zip(("White", "BME"), counts[area], strict=True)
    ]
    row = catchment_row(con, trust, sent)
    assert abs(Fraction(row["comparator_share"]) - by_hand(real_data, trust)) < Fraction(1, 10**9)
    assert row["area_set"] == " ".join(sorted(published(real_data)[trust]))
    assert row["marker"] is None


@pytest.mark.parametrize("trust", TRUSTS)
def test_the_packaged_residents_give_the_same_or_are_refused_for_what_they_lack(
    con: Connection, real_data: Path, trust: str
) -> None:
    profiled = {row["area_code"] for row in packaged("population") if row["characteristic"] == "ethnicity"}
    weights = {row["area_code"]: Decimal(row["weight"]) for row in packaged("catchments") if row["org_code"] == trust}
    covered = sum(weight for area, weight in weights.items() if area in profiled)
    row = catchment_row(con, trust, [])
    if covered == 1:
        assert abs(Fraction(row["comparator_share"]) - by_hand(real_data, trust)) < Fraction(1, 10**9)
        assert row["marker"] is None
    else:
        assert covered < Decimal("0.95")
        percent = int(covered * 1000)
        assert row["marker"] == "[x]"
        assert row["area_set"] == (f"profiles cover {percent // 10}.{percent % 10} % of the catchment, fewer than 95 %")


def test_successions_lead_from_codes_of_2021_and_2022_to_those_of_2023_and_2024(real_data: Path) -> None:
    upper_2021 = {row["utla21_code"] for row in read(real_data / "geography" / "lookup_ltla21_utla21.csv")}
    districts = {
        row["ltla21_code"]: row["utla21_code"] for row in read(real_data / "geography" / "lookup_ltla21_utla21.csv")
    }
    lower_2024 = {row["ltla24_code"] for row in read(real_data / "geography" / "lookup_ltla24_region24.csv")}
    led = {
        (districts[row["ltla22_code"]], row["ltla23_code"])
        for row in read(real_data / "geography" / "lookup_ltla22_ltla23.csv")
        if districts.get(row["ltla22_code"], "").startswith("E10") and row["ltla23_code"].startswith("E06")
    }
    held = {(row["predecessor_code"], row["successor_code"]): row for row in packaged("successions")}
    of_2023 = {pair for pair, row in held.items() if row["effective_on"] == "2023-04-01"}
    assert of_2023 == led
    assert {successor for _, successor in held} <= lower_2024
    assert {code for code, _ in of_2023} <= upper_2021
    assert {code for code, _ in set(held) - of_2023} == {"E10000021"}
    dfe = read(real_data / "dfe_social_workers_by_ethnicity" / "csww_workforce_role_by_ethnicity_2019_to_2022.csv")
    years = defaultdict(set)
    for row in dfe:
        years[row["new_la_code"]].add(row["time_period"])
    assert (years["E10000021"], years["E06000061"]) == ({"2019", "2020"}, {"2021", "2022"})
