"""The documentation says what the contracts, layouts and lists say, and its examples are accepted as they stand."""

import csv
import json
import os
import re
import shlex
import subprocess
import sys
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path

import duckdb
import great_expectations
import pytest
import yaml

from pipelines import cli, contract, database, internal_pack, layout, mapping, measure, reference, sidecar
from pipelines.contract import FEEDS
from pipelines.ingest import Ingested, ingest
from pipelines.judge import FAULTS
from pipelines.listing import RULE_WORDS
from pipelines.places import DataFolder
from pipelines.suite import suite
from pipelines.validate import Validated, validate
from pipelines.verify import releases

PROJECT = Path(__file__).resolve().parents[2]
TEMPLATES = (PROJECT / "docs" / "templates.md").read_text(encoding="utf-8")
LAYOUTS = (PROJECT / "docs" / "layouts.md").read_text(encoding="utf-8")
README = (PROJECT / "README.md").read_text(encoding="utf-8")
SQL = (PROJECT / "docs" / "sql.md").read_text(encoding="utf-8")
LEDGER = (PROJECT / "docs" / "ledger.md").read_text(encoding="utf-8")
SENDERS = (PROJECT / "docs" / "senders.md").read_text(encoding="utf-8")
INTERNAL = (PROJECT / "docs" / "internal.md").read_text(encoding="utf-8")
LONGEST_LIST_SPELT_OUT = 20
# The words that a rule about a whole file or a line begins with.
FILE_RULES = r'"((?:file|header|layout|column|sidecar|line)\.[a-z_]+)"'


def section(text: str, title: str) -> str:
    return re.split(r"^## ", text.split(f"\n## {title}\n")[1], maxsplit=1, flags=re.MULTILINE)[0]


def blocks(text: str, language: str) -> list[str]:
    fenced = re.findall(r"^```(\w*)\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    return [code for spoken, code in fenced if spoken == language]


def codes(text: str) -> set[str]:
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    return set(re.findall(r"`([^`]+)`", prose))


def spelt_out(names: str) -> list[str]:
    """The values that a cell of a table lists; of a run of whole numbers, `0` … `100`, each."""
    run = re.match(r"`(\d+)` … `(\d+)`", names)
    return [str(number) for number in range(int(run[1]), int(run[2]) + 1)] if run else re.findall(r"`([^`]+)`", names)


def block(text: str, language: str, beginning: str) -> str:
    """The one block of code that begins so."""
    (found,) = (code for code in blocks(text, language) if code.startswith(beginning))
    return found


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
        source = template.columns.get(name)
        if source is None:  # a publisher's column that no sender of ours has to write
            assert not column.required
            continue
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
    assert names <= codes(LAYOUTS)
    assert {name for name in names if name.startswith("edi_")} <= codes(TEMPLATES)


def test_every_value_list_is_named_and_every_short_one_spelt_out() -> None:
    lists = defaultdict(set)
    for row in reference_rows("source_values"):
        lists[row["value_list"]].add(row["source_value"])
    text = section(TEMPLATES, "Lists of answers")
    assert set(lists) <= codes(text)
    tables = dict(re.findall(r"^\| `(\w+)` \|(.*)\|$", text, re.MULTILINE))
    for name, spelt_out in tables.items():
        if name in lists and len(lists[name]) <= LONGEST_LIST_SPELT_OUT:
            assert codes(spelt_out) == lists[name]


def test_every_list_of_codes_is_named_with_its_column_and_its_length() -> None:
    lists = Counter((row["value_list"], row["column"]) for row in reference_rows("coded_values"))
    text = section(TEMPLATES, "Lists of answers")
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \| (\d+) \|$", text, re.MULTILINE)
    assert {(name, column): int(count) for name, column, count in rows} == lists


def test_undisclosed_values_stand_under_their_status() -> None:
    text = section(TEMPLATES, "Lists of answers")
    statuses = defaultdict(set)
    for row in reference_rows("source_values"):
        statuses[row["value_list"], row["answer_status"]].add(row["source_value"])
    tables = re.findall(r"^\| `(\w+)` \| (.+?) \| ([^|]+) \| ([^|]+) \|$", text, re.MULTILINE)
    assert tables
    for name, _, declined, missing in tables:
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
    listed = {(characteristic, name): spelt_out(names) for characteristic, name, names in rows}
    assert listed == {key: [category for _, category in sorted(values)] for key, values in expected.items()}


def test_the_examples_of_the_templates_are_accepted(tmp_path: Path) -> None:
    files = [tmp_path / f"{feed}.csv" for feed in FEEDS]
    for path, example in zip(files, blocks(TEMPLATES, "csv"), strict=True):
        path.write_text(example, encoding="utf-8")
    ingested, verdict = judged(DataFolder(tmp_path), files)
    assert verdict.refusals == ()
    assert verdict.findings == ()
    assert {one.file: one.layout for one in ingested.extracts} == {f"{feed}.csv": f"edi_{feed}" for feed in FEEDS}


@pytest.mark.parametrize(
    ("name", "header", "rows"),
    [("our_trust", "Period End,Person", 3), ("wide_example", "Year,Grade,White", 2)],
)
def test_an_example_of_a_layout_reads_the_example_of_its_file(
    tmp_path: Path, name: str, header: str, rows: int
) -> None:
    (tmp_path / "layouts").mkdir()
    (tmp_path / "layouts" / f"{name}.yaml").write_text(block(LAYOUTS, "yaml", f"layout: {name}"), encoding="utf-8")
    path = tmp_path / "export.csv"
    path.write_text(block(LAYOUTS, "csv", header), encoding="utf-8")
    ingested, verdict = judged(DataFolder(tmp_path), [path])
    assert [one.layout for one in ingested.extracts] == [name]
    assert verdict.refusals == ()
    assert verdict.findings == ()
    assert [one.rows_accepted for one in verdict.accepted] == [rows]


def test_the_wide_examples_percentages_are_checked(tmp_path: Path) -> None:
    (tmp_path / "layouts").mkdir()
    text = block(LAYOUTS, "yaml", "layout: wide_example")
    (tmp_path / "layouts" / "wide_example.yaml").write_text(text, encoding="utf-8")
    path = tmp_path / "export.csv"
    path.write_text(block(LAYOUTS, "csv", "Year,Grade,White").replace(",61.5,", ",61.6,"), encoding="utf-8")
    _, verdict = judged(DataFolder(tmp_path), [path])
    assert [refusal.rule for refusal in verdict.refusals] == ["headcount.percentage_agrees"]


def test_the_parts_of_packaged_layouts_that_are_shown_are_theirs() -> None:
    shown = yaml.safe_load(block(LAYOUTS, "yaml", "long_percentages:"))["long_percentages"]
    packaged = layout.load(PROJECT / "data" / "layouts" / "census_ltla_ethnicity.yaml").long_percentages
    assert packaged == layout.LongPercentages.model_validate(shown)
    wide = layout.load(PROJECT / "data" / "layouts" / "nomis_ts007.yaml").wide
    assert wide is not None
    assert f'"{wide.headings}"' in codes(LAYOUTS)


def test_the_example_of_a_sidecar_is_one(tmp_path: Path) -> None:
    (tmp_path / "march.csv.yaml").write_text(block(LAYOUTS, "yaml", "organisation: RNA  "), encoding="utf-8")
    beside = sidecar.read(tmp_path / "march.csv")
    assert set(sidecar.Sidecar.model_fields) == beside.model_fields_set
    (total,) = beside.control_totals
    assert (total.organisation, total.people, total.fte) == ("RNA", 5012, Decimal("4401.35"))


def test_the_example_of_a_mapping_is_one_and_all_that_can_be_mapped_is_named(tmp_path: Path) -> None:
    (tmp_path / "mappings").mkdir()
    text = block(LAYOUTS, "yaml", "organisation: RNA\nowner")
    (tmp_path / "mappings" / "dudley.yaml").write_text(text, encoding="utf-8")
    (ours,) = mapping.load_all(DataFolder(tmp_path))
    assert ours.columns["grade"] == {"Trust Executive 2": "vsm", "Local Doctor": "other_medical"}
    choices = {name for name, column in contract.load("staff").columns.items() if column.type == "choice"}
    assert choices <= codes(section(LAYOUTS, "An organisation's own words: mappings"))


def test_every_example_in_yaml_is_tested() -> None:
    beginnings = ("layout: our_trust", "layout: wide_example", "long_percentages:", "organisation: RNA")
    assert all(code.startswith(beginnings) for code in blocks(LAYOUTS, "yaml"))


def test_the_worked_example_begins_as_its_layout_recognises() -> None:
    worked = layout.load(PROJECT / "data" / "layouts" / "gov_uk_nhs_workforce.yaml")
    header, first = csv.reader(block(LAYOUTS, "csv", '"Measure"').splitlines())
    assert worked.matches(header, dict(zip(header, first, strict=True)), "csv")


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


def ran(script: str, folder: DataFolder) -> str:
    """What a script prints that is run beside the data folder, as the page says."""
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=folder.root.parent,
        env=os.environ | {"PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def internal(folder: DataFolder, name: str) -> str:
    current = json.loads((folder.marts / "current.json").read_text(encoding="utf-8"))["path"]
    return f"read_parquet('{folder.marts / current / 'internal' / name}.parquet')"


def test_the_sql_run_by_hand_gives_the_marts_counts(sampled: DataFolder) -> None:
    printed = ran(block(SQL, "python", "from pathlib import Path\n\nfrom pipelines"), sampled)
    shares = duckdb.execute(
        "select comparator, headcount, known_headcount, comparator_share "
        f"from {internal(sampled, 'representation_gap')} "
        "where org_code = 'RNA' and employment_type = 'substantive' and clinical = 'all' and grade_family = 'afc' "
        "and grade_group = 'afc_8a_plus' and classification = 'wres' and category = 'BME' "
        "and comparator in ('population', 'england')"
    ).fetchall()
    assert len(shares) == 2
    for comparator, headcount, known_headcount, share in shares:
        (found,) = re.findall(rf"│ {comparator} +│ +(\d+) │ +(\d+) │ +(\d+) │ +(\d+) │", printed)
        ours, known, theirs, all_of_them = map(int, found)
        assert (ours, known) == (headcount, known_headcount)
        assert theirs / all_of_them == pytest.approx(float(share), abs=1e-8)


def test_the_waterfall_read_by_hand_is_the_employers(sampled: DataFolder) -> None:
    printed = ran(block(SQL, "python", "import json"), sampled)
    steps = duckdb.execute(f"select rule from {internal(sampled, 'waterfall')} where org_code = 'RNA'").fetchall()
    assert steps
    assert all(f"│ {rule} " in printed for (rule,) in steps)


def severities(feed: str) -> dict[str, str]:
    """Each rule of a feed's suite, the contract's included, with what happens where it fails."""
    great_expectations.get_context(mode="ephemeral")  # a suite can't be made without one
    metas = [expectation.meta or {} for expectation in suite(feed).expectations]
    return {meta["rule"]: meta["severity"] for meta in metas}


def test_every_rule_of_the_suites_is_explained() -> None:
    for feed in FEEDS:
        cells = {f"{feed}.{name}" for name in contract.load(feed).columns}
        assert set(severities(feed)) - cells <= codes(SENDERS)


def test_every_rule_about_files_lines_and_cells_is_explained_and_no_other() -> None:
    sources = [path.read_text(encoding="utf-8") for path in (PROJECT / "pipelines").rglob("*.py")]
    rules = {rule for source in sources for rule in re.findall(FILE_RULES, source)}
    assert rules >= {"file.format", "layout.none", "sidecar.lacking"}
    text = section(SENDERS, "Reading what it says")
    assert {code for code in codes(text) if re.fullmatch(FILE_RULES, f'"{code}"')} == rules
    faults = re.findall(r"^\| (`[^|]+) \|", text.split("### Cells")[1].split("###")[0], re.MULTILINE)
    assert {code for cell in faults for code in codes(cell)} == set(FAULTS)


def test_what_happens_with_each_rule_is_as_the_suite_says() -> None:
    words = {"reject_file": "file refused", "reject_row": "row rejected", "warn": "warning"}
    happening = {rule: words[severity] for feed in FEEDS for rule, severity in severities(feed).items()}
    rows = re.findall(r"^\| (`(?:staff|headcount|population)\.[^|]+) \| ([^|]+) \|", SENDERS, re.MULTILINE)
    assert rows
    for cell, happens in rows:
        assert {happening[rule] for rule in codes(cell)} == {happens}


def test_the_senders_example_goes_as_the_page_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = "Female,31-35,A White - British,No,Christianity,Heterosexual or Straight,Married"
    grades = ["Review Body Band 5", "Review Body Band 8", "Trust Executive 2", *["Review Body Band 5"] * 56]
    rows = [
        f"p{number},a{number},Permanent,Active Assignment,Yes,NHS|XR05|{grade},Administrative and Clerical,1,{answers}"
        for number, grade in enumerate(grades)
    ]
    header = (
        "Person Key,Assignment Key,Assignment Category,Assignment Status,Primary Assignment,Grade,Staff Group,FTE,"
        "Gender,Age Band,Ethnic Origin,Disability,Religious Belief,Sexual Orientation,Marital Status"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["edi", "check", "march.csv", "--data", "DIR"])
    Path("march.csv").write_text("\n".join([header, *rows, ""]), encoding="utf-8")

    def check() -> str:
        with pytest.raises(SystemExit):
            cli.main()
        return "$ edi check march.csv --data DIR\n" + capsys.readouterr().out

    assert check() == block(SENDERS, "", "$ edi check march.csv --data DIR\n0 files")
    beside = block(SENDERS, "yaml", "organisation: RNA\nas_at")
    Path("march.csv.yaml").write_text(beside, encoding="utf-8")
    assert check() == block(SENDERS, "", "$ edi check march.csv --data DIR\n1 files")
    Path("DIR/mappings").mkdir(parents=True)
    Path("DIR/mappings/dudley.yaml").write_text(block(SENDERS, "yaml", "organisation: RNA\nowner"), encoding="utf-8")
    assert "58 accepted, 1 rejected" in check()


def test_the_reason_for_a_resend_is_written_as_a_sidecar_takes_it(tmp_path: Path) -> None:
    (tmp_path / "again.csv.yaml").write_text(block(SENDERS, "yaml", "extracted_on"), encoding="utf-8")
    assert sidecar.read(tmp_path / "again.csv").reason == "six people had left before the date"


def test_the_waterfall_shown_is_in_the_reports_words_and_adds_up() -> None:
    shown = block(SENDERS, "", "From rows to people").splitlines()[1:]
    figures = {re.split("  +", line)[0]: re.split("  +", line)[1:] for line in shown}
    assert set(figures) <= set(RULE_WORDS.values())
    for place in (0, 1, 2):
        number = [Decimal(cells[place].replace(",", "")) for cells in figures.values()]
        end = list(figures).index(RULE_WORDS["people"])
        assert number[0] - sum(number[1:end]) == number[end]


def test_every_event_of_the_ledger_is_explained() -> None:
    sources = [path.read_text(encoding="utf-8") for path in (PROJECT / "pipelines").rglob("*.py")]
    events = {event for source in sources for event in re.findall(r"\bevent(?:\": |=|\"\] == )\"([a-z_]+)\"", source)}
    assert events >= {"received", "frozen", "disposed"}
    rows = re.findall(r"^\| `(\w+)` \|", section(LEDGER, "What stands in it"), re.MULTILINE)
    assert events | {event for _, event in releases.STEPS} <= set(rows)


def test_every_folder_of_the_sql_is_described() -> None:
    assert {path.name for path in (PROJECT / "sql").iterdir() if path.is_dir()} <= codes(SQL)


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


def anchors(text: str) -> set[str]:
    """The anchors that GitHub makes of a page's headings."""
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", prose, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_link_to_a_heading_finds_it() -> None:
    for path in [*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md")]:
        text = path.read_text(encoding="utf-8")
        for target, anchor in re.findall(r"\]\((?!https?:)([^)#]*)#([^)]+)\)", text):
            page = (path.parent / target).read_text(encoding="utf-8") if target else text
            assert anchor in anchors(page), f"{path.name} links to {target}#{anchor}"


def test_every_mart_is_in_the_readmes_table() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", section(README, "What comes out"), re.MULTILINE)
    assert sorted(rows) == sorted(["headcount", *measure.MARTS])


def test_the_setting_for_internal_packs_is_written_as_the_method_takes_it(tmp_path: Path) -> None:
    (tmp_path / "method.yaml").write_text(block(INTERNAL, "yaml", "disclosure:"), encoding="utf-8")
    method = reference.method(DataFolder(tmp_path))
    assert (method["disclosure"]["internal_pack"], internal_pack.threshold(method)) == (True, 5)
    assert f"`internal/report/<org_code>/{internal_pack.NAME}`" in INTERNAL
    (tmp_path / "method.yaml").write_text("disclosure: {internal_threshold: five}", encoding="utf-8")
    with pytest.raises(ValueError, match="internal_threshold must be a whole number, and is a text"):
        reference.method(DataFolder(tmp_path))


def test_every_return_is_told_of_with_its_marking_words() -> None:
    told = re.findall(r"^\| `(\w+)\.csv` \|", section(INTERNAL, "Returns"), re.MULTILINE)
    assert tuple(told) == measure.RETURNS
    marking = " ".join(section(INTERNAL, "The internal pack").split()).lower()
    for words in re.split(r"[:.,] ", internal_pack.MARKING.removesuffix(".")):
        if "{}" not in words:
            assert words.lower() in marking


def test_every_make_target_is_in_the_help() -> None:
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    phony = shlex.split(re.findall(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)[0])
    assert set(re.findall(r"@echo 'make ([\w-]+)", makefile)) == set(phony) - {"help"}


def test_the_thresholds_named_are_the_methods() -> None:
    method = yaml.safe_load((PROJECT / "data" / "reference" / "method.yaml").read_text(encoding="utf-8"))
    assert f"{method['max_rejected_share']:.0%}".replace("%", " %") in TEMPLATES
