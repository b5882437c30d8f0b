"""docs/reading.md is followed on a release: commands, Python, DuckDB and R; the Power BI queries are held to it."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines import describe
from pipelines.measure import public
from pipelines.places import DataFolder
from tests.unit.test_docs import blocks, section
from tests.unit.test_pages_followed import follow, page

PAGE = page("reading.md")
POWER_QUERY = blocks(PAGE, "m")
# What Power Query calls the types of Table Schema.
M_TYPES = {
    "string": "type text",
    "integer": "Int64.Type",
    "number": "type number",
    "boolean": "type logical",
    "date": "type date",
}
R_PACKAGE = re.compile(r"^library\((\w+)\)", re.MULTILINE)


@pytest.fixture(scope="module")
def current(sampled: DataFolder) -> Path:
    """`marts/current` of the release."""
    return sampled.marts / "current"


@pytest.fixture
def beside(current: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder to stand in, in which the data folder is called `data`, as on the page."""
    (tmp_path / "data").symlink_to(current.parent.parent, target_is_directory=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
    return tmp_path


@pytest.mark.usefixtures("beside")
def test_the_commands_and_scripts_print_what_is_quoted(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    follow("reading.md", capsys, monkeypatch)


@pytest.mark.parametrize("lines", blocks(PAGE, "r"), ids=lambda lines: (R_PACKAGE.findall(lines) or ["base"])[0])
def test_the_lines_for_r_read_the_tables(beside: Path, lines: str) -> None:
    rscript = shutil.which("Rscript")
    if not rscript:
        pytest.skip("there is no Rscript here: apt-get install r-base-core r-cran-readr brings it")
    for name in R_PACKAGE.findall(lines):
        wanted = [rscript, "-e", f"quit(status = !requireNamespace('{name}', quietly = TRUE))"]
        if subprocess.run(wanted, capture_output=True, check=False).returncode:
            pytest.skip(f"R has no package {name} here: install.packages('{name}') brings it")
    (beside / "lines.R").write_text(lines, encoding="utf-8")
    done = subprocess.run([rscript, "lines.R"], cwd=beside, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "19 units, 35 single grades"


def read_from(query: str) -> str:
    (name,) = re.findall(r'File\.Contents\(Folder & "([^"]+)"\)', query)
    return name


def test_there_is_a_power_query_for_each_public_table_and_one_from_csv(current: Path) -> None:
    read = [read_from(query) for query in POWER_QUERY]
    assert sorted(read) == sorted([*(f"{name}.parquet" for name in public.TABLES), "unit.csv"])
    assert all((current / name).is_file() for name in read)
    for name, query in zip(read, POWER_QUERY, strict=True):
        assert query.startswith(f"// {Path(name).stem}")


@pytest.mark.parametrize("query", POWER_QUERY[:4], ids=read_from)
def test_a_power_query_names_every_column_with_its_type(current: Path, query: str) -> None:
    package = json.loads((current / "datapackage.json").read_text(encoding="utf-8"))
    (fields,) = [one["schema"]["fields"] for one in package["resources"] if one["path"] == read_from(query)]
    named = re.findall(r'^ {8}\{"(\w+)", (type \w+|Int64\.Type)\},?$', query, re.MULTILINE)
    assert named == [(field["name"], M_TYPES[field["type"]]) for field in fields]
    keyed = re.findall(r"each \[(\w+)\] & \"\|\" & \[(\w+)\]", query)
    assert {column for columns in keyed for column in columns} <= {name for name, _ in named}


def test_power_query_joins_by_the_keys_of_the_tables() -> None:
    """One column each: the key itself, or one made of the two columns that tell a row."""
    assert describe.load("unit").key == ("org_code",)
    for name in ("category", "grade_group"):
        (query,) = [one for one in POWER_QUERY if one.startswith(f"// {name}\n")]
        ((made, *columns),) = re.findall(r'"(\w+_key)", each \[(\w+)\] & "\|" & \[(\w+)\], type text', query)
        assert made == f"{name}_key"
        # A classification is of one characteristic.
        assert set(describe.load(name).key) - {"characteristic"} == set(columns)
        assert f"{name}[{made}]" in PAGE


def test_the_power_query_from_csv_reads_it_as_it_is_written() -> None:
    (query,) = [one for one in POWER_QUERY if read_from(one).endswith(".csv")]
    assert f'Delimiter = "{describe.DIALECT["delimiter"]}", Encoding = 65001, QuoteStyle = QuoteStyle.Csv' in query


def test_every_bracket_of_a_power_query_is_closed() -> None:
    """No parser of its language runs here; it is said on the page that one has read them."""
    pairs = {")": "(", "]": "[", "}": "{"}
    for query in POWER_QUERY:
        opened: list[str] = []
        for sign in re.sub(r'"[^"]*"', "", query):
            if sign in pairs.values():
                opened.append(sign)
            elif sign in pairs:
                assert opened.pop() == pairs[sign]
        assert opened == []
        assert (query.count("\nlet\n"), query.count("\nin\n")) == (1, 1)


def test_every_marker_has_the_meaning_that_the_tables_give_it() -> None:
    told = dict(re.findall(r"^\| `(\[\w\])` \| ([^:|]+)", section(PAGE, "Markers"), re.MULTILINE))
    marker = describe.load("representation_gap").columns["marker"].enum
    assert isinstance(marker, dict)
    assert list(told) == list(marker)
    for sign, meaning in marker.items():
        assert told[sign].split(",")[0].strip() == meaning.split(":")[0].replace(" by its publisher", "")


def test_the_files_named_are_those_of_a_public_part(current: Path) -> None:
    named = set(
        re.findall(r"`([\w.]+)`", "".join(re.findall(r"^\| (`.+?) \|", section(PAGE, "What to read"), re.MULTILINE)))
    )
    there = {path.name for path in current.iterdir()}
    tables = {name for name in there if name.endswith(".parquet")}
    twins = {name for name in there if name.endswith(".csv")}
    assert named - twins == there - twins
    assert twins == {name.replace(".parquet", ".csv") for name in tables}
