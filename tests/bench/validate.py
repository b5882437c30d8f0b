"""What validation costs beside one bare pass of DuckDB over the same rows: `make bench`.

1.5 million invented rows, once as they are and once with one row in twenty at fault. Each figure is that of a process
of its own, the two kinds in turn, three times; the ratio is that of the medians. The bare pass is what a person would
write by hand for the plainest of the rules: every cell readable, hours in range, dates in range, no key twice. The
libraries are loaded before the clock starts; validating includes writing the accepted rows, in their order.
"""

import argparse
import importlib
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from pipelines import answer, contract, database, reference
from pipelines.ingest import Ingested, ingest
from pipelines.landing import landed
from pipelines.places import DataFolder
from pipelines.sample import write_sample
from pipelines.validate import validate
from tests.bench.process import in_own_process

ROWS_PER_PERSON = 1.107  # the sample's, with second and bank assignments
TIMES = 3


def main() -> None:
    """Print a line for each set of rows: seconds, gigabytes, ratios, and how large the report is."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=1_500_000)
    rows = options.parse_args().rows
    with tempfile.TemporaryDirectory(prefix="edi-bench-") as folder:
        root = Path(folder)
        people = round(rows / ROWS_PER_PERSON)
        print(f"{'rows':>10} {'at fault':>9} {'validated':>12} {'bare pass':>12} {'ratio':>6} {'report':>9}")
        for fault_every in (0, 20):
            data = DataFolder(root / f"every{fault_every}")
            in_own_process(_sample, data, people, fault_every)
            ingested = in_own_process(_ingest, data)["ingested"]
            figures: dict[str, list[dict[str, float]]] = {"validated": [], "bare": []}
            for _ in range(TIMES):
                figures["validated"].append(in_own_process(_validate, data, ingested))
                figures["bare"].append(in_own_process(_bare_pass, data, ingested))
            _show(figures)


def _show(figures: dict[str, list[dict[str, float]]]) -> None:
    def middle(kind: str, name: str) -> float:
        return statistics.median(one[name] for one in figures[kind])

    seconds, bare = middle("validated", "seconds"), middle("bare", "seconds")
    print(
        f"{middle('validated', 'rows'):>10,.0f} {middle('validated', 'rejected'):>9,.0f} "
        f"{seconds:>5.1f} s {middle('validated', 'gigabytes'):.2f} GB "
        f"{bare:>4.1f} s {middle('bare', 'gigabytes'):.2f} GB "
        f"{seconds / bare:>6.1f} {middle('validated', 'report_bytes'):>7,.0f} B"
    )


def _sample(data: DataFolder, people: int, fault_every: int) -> dict[str, Any]:
    write_sample(data.landing, people, 1, 1)
    if fault_every:
        _spoil(data.landing, fault_every)
    return {}


def _spoil(landing: Path, every: int) -> None:
    """Make the hours of one row in so many impossible, and of as many again the grade a word in no list."""
    for path in sorted(landing.glob("*.csv")):
        header, *lines = path.read_text(encoding="utf-8").splitlines()
        fte, grade = (header.split(",").index(name) for name in ("fte", "grade"))
        for number in range(0, len(lines), every):
            cells = lines[number].split(",")
            cells[fte if number % (2 * every) else grade] = "9.5"
            lines[number] = ",".join(cells)
        path.write_text("\n".join([header, *lines, ""]), encoding="utf-8")


def _ingest(data: DataFolder) -> dict[str, Any]:
    with database.connect() as con:
        reference.load(con, reference.method(data), data)
        return {"ingested": ingest(con, data, landed(data), data.root / "work")}


def _validate(data: DataFolder, ingested: Ingested) -> dict[str, Any]:
    method = dict(reference.method(data)) | {"max_rejected_share": 1.0}
    importlib.import_module("great_expectations")
    with database.connect() as con:
        reference.load(con, method, data)
        began = time.perf_counter()
        validated = validate(con, ingested, method)
        seconds = time.perf_counter() - began
        largest = max(answer.answers(con, validated), key=lambda one: one.rows_rejected)
        report_bytes = len(answer.report_md(largest)) + len(answer.report_jsonl(largest)) + len(answer.page(largest))
    return {
        "seconds": seconds,
        "rows": sum(one.extract.rows_in for one in validated.accepted),
        "rejected": sum(one.rows_rejected for one in validated.accepted),
        "report_bytes": report_bytes,
    }


def _bare_pass(_: DataFolder, ingested: Ingested) -> dict[str, Any]:
    faults = ", ".join(f"count({name}_fault)" for name in contract.load("staff").columns)
    with database.connect() as con:
        database.view(con, "staff", sorted({one.typed for one in ingested.extracts}))
        began = time.perf_counter()
        con.execute(
            f"select extract, count(*), {faults}, "
            "count_if(not fte between 0 and 1.5), count_if(extracted_on < as_at_date), "
            "count_if(not as_at_date between date '2000-01-01' and date '2049-12-31'), "
            "count(*) - count(distinct (as_at_date, org_code, assignment_key)) from staff group by extract"
        ).fetchall()
        return {"seconds": time.perf_counter() - began}


if __name__ == "__main__":
    main()
