"""The documentation says what the contracts, layouts and lists say, and its examples are accepted as they stand."""

import csv
import re
import shlex
from collections import defaultdict
from pathlib import Path

import pytest
import yaml

from pipelines import contract, database, layout, reference
from pipelines.contract import FEEDS
from pipelines.ingest import Ingested, ingest
from pipelines.places import DataFolder
from pipelines.validate import Validated, validate

PROJECT = Path(__file__).resolve().parents[2]
TEMPLATES = (PROJECT / "docs" / "templates.md").read_text(encoding="utf-8")
LAYOUTS = (PROJECT / "docs" / "layouts.md").read_text(encoding="utf-8")
LONGEST_LIST_SPELT_OUT = 20


def section(text: str, title: str) -> str:
    return re.split(r"^## ", text.split(f"\n## {title}\n")[1], maxsplit=1, flags=re.MULTILINE)[0]


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)


def codes(text: str) -> set[str]:
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    return set(re.findall(r"`([^`]+)`", prose))


def reference_rows(stem: str) -> list[dict[str, str]]:
    with (PROJECT / "data" / "reference" / f"{stem}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def judged(folder: DataFolder, files: list[Path]) -> tuple[Ingested, Validated]:
    con = database.connect()
    method = reference.method(folder)
    reference.load(con, method)
    ingested = ingest(con, folder, files, folder.root / "work")
    return ingested, validate(con, ingested, method)


@pytest.mark.parametrize("feed", FEEDS)
def test_every_contract_column_stands_in_its_feeds_section(feed: str) -> None:
    described = codes(section(TEMPLATES, feed))
    assert set(contract.load(feed).columns) <= described


@pytest.mark.parametrize("feed", FEEDS)
def test_a_templates_table_has_its_layouts_columns_and_says_which_are_needed(feed: str) -> None:
    template = layout.load(PROJECT / "data" / "layouts" / f"edi_{feed}.yaml")
    cells = {}
    for name, column in contract.load(feed).columns.items():
        source = template.columns[name]
        for part in source.parts:
            cells[part] = "for a known answer" if part == "category" else "needed"
        for written in source.alternatives:
            cells[written] = "may be left out" if source.optional else "needed" if column.required else "may be empty"
    assert dict(re.findall(r"^\| `(\w+)` \| ([a-z ]+) \|", section(TEMPLATES, feed), re.MULTILINE)) == cells


@pytest.mark.parametrize("feed", FEEDS)
def test_every_choice_of_a_contract_is_spelt_out(feed: str) -> None:
    described = codes(section(TEMPLATES, feed))
    assert all(set(column.choices) <= described for column in contract.load(feed).columns.values())


def test_every_layout_is_named() -> None:
    names = {layout.load(path).name for path in (PROJECT / "data" / "layouts").glob("*.yaml")}
    assert names <= codes(TEMPLATES)
    assert names <= codes(LAYOUTS)


def test_every_value_list_is_named_and_every_short_one_spelt_out() -> None:
    lists = defaultdict(set)
    for row in reference_rows("source_values"):
        lists[row["value_list"]].add(row["source_value"])
    text = section(TEMPLATES, "Lists of answers")
    assert set(lists) <= codes(text)
    tables = dict(re.findall(r"^\| `(\w+)` \|(.*)\|$", text, re.MULTILINE))
    for name, spelt_out in tables.items():
        if len(lists[name]) <= LONGEST_LIST_SPELT_OUT:
            assert codes(spelt_out) == lists[name]


def test_undisclosed_values_stand_under_their_status() -> None:
    text = section(TEMPLATES, "Lists of answers")
    statuses = defaultdict(set)
    for row in reference_rows("source_values"):
        statuses[row["value_list"], row["answer_status"]].add(row["source_value"])
    for name, _, declined, missing in re.findall(r"^\| `(\w+)` \| (.+?) \| ([^|]+) \| ([^|]+) \|$", text, re.MULTILINE):
        assert codes(declined) == statuses[name, "declined"]
        assert codes(missing) == statuses[name, "missing"]


def test_the_ethnic_codes_named_are_in_the_list() -> None:
    listed = {row["source_value"] for row in reference_rows("source_values") if row["value_list"] == "esr_ethnicity"}
    paragraph = section(TEMPLATES, "Lists of answers").split("`esr_ethnicity` takes")[1].split("\n\n")[0]
    assert codes(paragraph) <= listed


def test_every_grade_and_staff_group_is_listed_and_no_other() -> None:
    grades = {row["grade"] for row in reference_rows("grade_groups")}
    groups = {row["staff_group"] for row in reference_rows("staff_groups")}
    assert codes(section(TEMPLATES, "Grades")) == grades
    assert codes(section(TEMPLATES, "Staff groups")) == groups


def test_every_category_of_every_classification_is_listed_in_order() -> None:
    expected = defaultdict(list)
    for row in reference_rows("categories"):
        expected[row["characteristic"], row["classification"]].append((int(row["sort_order"]), row["category"]))
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \| (.+) \|$", section(TEMPLATES, "Groups of people"), re.MULTILINE)
    listed = {(characteristic, name): re.findall(r"`([^`]+)`", names) for characteristic, name, names in rows}
    assert listed == {key: [category for _, category in sorted(values)] for key, values in expected.items()}


def test_the_examples_of_the_templates_are_accepted(tmp_path: Path) -> None:
    files = [tmp_path / f"{feed}.csv" for feed in FEEDS]
    for path, example in zip(files, blocks(TEMPLATES, "csv"), strict=True):
        path.write_text(example, encoding="utf-8")
    ingested, verdict = judged(DataFolder(tmp_path), files)
    assert verdict.refusals == ()
    assert verdict.findings == ()
    assert {one.file: one.layout for one in ingested.extracts} == {f"{feed}.csv": f"edi_{feed}" for feed in FEEDS}


def test_the_example_of_a_layout_reads_the_example_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "layouts").mkdir()
    (tmp_path / "layouts" / "our_trust.yaml").write_text(blocks(LAYOUTS, "yaml")[0], encoding="utf-8")
    path = tmp_path / "export.csv"
    path.write_text(blocks(LAYOUTS, "csv")[1], encoding="utf-8")
    ingested, verdict = judged(DataFolder(tmp_path), [path])
    assert [one.layout for one in ingested.extracts] == ["our_trust"]
    assert verdict.refusals == ()
    assert verdict.findings == ()
    assert [one.rows_accepted for one in verdict.accepted] == [3]


def test_the_worked_example_begins_as_its_layout_recognises() -> None:
    worked = layout.load(PROJECT / "data" / "layouts" / "gov_uk_nhs_workforce.yaml")
    header, first = csv.reader(blocks(LAYOUTS, "csv")[0].splitlines())
    assert worked.matches(header, dict(zip(header, first, strict=True)))


def test_every_entry_of_a_layout_file_is_described() -> None:
    entries = {field.alias or name for name, field in layout.Layout.model_fields.items()}
    assert entries <= codes(section(LAYOUTS, "The entries"))
    keys = {field.alias or name for name, field in layout.Source.model_fields.items()}
    assert keys <= {code.split(":")[0] for code in codes(section(LAYOUTS, "The entries"))}


def test_every_requirement_of_a_layout_file_is_the_programs() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (yes|no) \|", section(LAYOUTS, "The entries"), re.MULTILINE)
    assert dict(rows) == {
        field.alias or name: "yes" if field.is_required() else "no"
        for name, field in layout.Layout.model_fields.items()
    }


def test_decisions_are_numbered_without_gaps_and_say_what_they_must() -> None:
    decisions = sorted((PROJECT / "docs" / "decisions").glob("*.md"))
    assert [path.name[:4] for path in decisions] == [f"{number:04}" for number in range(1, len(decisions) + 1)]
    for path in decisions:
        text = path.read_text(encoding="utf-8")
        assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"]


def test_every_link_between_documents_leads_somewhere() -> None:
    for path in [*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), f"{path.name} links to {target}"


def test_every_make_target_is_in_the_help() -> None:
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    phony = shlex.split(re.findall(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)[0])
    assert set(re.findall(r"@echo 'make (\w+)", makefile)) == set(phony) - {"help"}


def test_the_thresholds_named_are_the_methods() -> None:
    method = yaml.safe_load((PROJECT / "data" / "reference" / "method.yaml").read_text(encoding="utf-8"))
    assert f"{method['max_rejected_share']:.0%}".replace("%", " %") in TEMPLATES
