"""A release: what seals it, what its provenance tells, and what its gate lets through."""

import hashlib
import hmac
import json
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from importlib import metadata
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines import describe, gate, measure, places, publish, seal
from pipelines.freeze import FrozenExtract, Snapshot
from pipelines.publish import program, provenance

KEY = "0123456789ab"
SNAPSHOT = Snapshot("5a" * 32, Path(), date(2026, 3, 31), (), {"z_95": 1.959964, "age_ranges": ["16+"]})


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """A release with a public table, two internal ones and a folder in each part."""
    texts = {
        "unit.csv": "unit",
        "report/RNA/pack.html": "pack",
        "internal/trend.parquet": "exact",
        "internal/report/RNA/pack.html": "exact pack",
    }
    for name, text in texts.items():
        path = tmp_path / "2026-03-31-abcdefabcdef" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path / "2026-03-31-abcdefabcdef"


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_two_lists_of_hashes_seal_a_release_and_plain_sha256sum_reads_them(release: Path) -> None:
    sums = seal.seal(release)
    assert (release / "SHA256SUMS").read_text() == (
        f"{sha256('pack')}  report/RNA/pack.html\n{sha256('unit')}  unit.csv\n"
    )
    assert (release / "internal" / "SHA256SUMS").read_text() == (
        f"{sha256('exact pack')}  report/RNA/pack.html\n{sha256('exact')}  trend.parquet\n"
    )
    assert sums == {name: hashlib.sha256((release / name).read_bytes()).hexdigest() for name in sums}
    for folder in (release, release / "internal"):
        subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=folder, check=True, capture_output=True)
    assert seal.problems(release, sums) == []


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("unit.csv", "Unit", "unit.csv was changed"),
        ("internal/trend.parquet", "exacT", "internal/trend.parquet was changed"),
        ("internal/trend.parquet", None, "internal/trend.parquet is gone"),
        ("more.csv", "x", "more.csv was added"),
        ("internal/more.csv", "x", "internal/more.csv was added"),
        ("SHA256SUMS", None, "SHA256SUMS isn't there"),
    ],
)
def test_whatever_is_changed_in_a_sealed_release_is_found(
    release: Path, name: str, text: str | None, problem: str
) -> None:
    sums = seal.seal(release)
    if text is None:
        (release / name).unlink()
    else:
        (release / name).write_text(text, encoding="utf-8")
    assert seal.problems(release, sums) == [problem]


def test_a_list_that_is_none_is_found(release: Path) -> None:
    seal.seal(release)
    (release / "SHA256SUMS").write_text("x", encoding="utf-8")
    assert seal.problems(release) == ["SHA256SUMS isn't a list of files"]


def test_a_list_that_was_written_anew_is_found_by_what_the_ledger_knows(release: Path) -> None:
    sums = seal.seal(release)
    (release / "internal" / "trend.parquet").write_text("other", encoding="utf-8")
    seal.seal(release)
    assert seal.problems(release) == []
    assert seal.problems(release, sums) == ["internal/SHA256SUMS isn't the list that the ledger names"]


def test_a_link_in_a_release_is_found(release: Path) -> None:
    sums = seal.seal(release)
    (release / "unit.csv").rename(release.parent / "unit.csv")
    (release / "unit.csv").symlink_to(release.parent / "unit.csv")
    assert seal.problems(release, sums) == ["unit.csv isn't a file but a link"]


def statements(release: Path) -> tuple[Mapping[str, object], Mapping[str, object]]:
    """The public provenance and the internal one of extracts a and b."""
    digests = {"a": sha256("file a"), "b": sha256("file b")}
    files = {"sql/marts/trend.sql": sha256("select 1")}
    provenance.write(release, SNAPSHOT, digests, files, {"duckdb": "2.0.0"}, "0.1.0", KEY)
    public, internal = (
        json.loads((folder / provenance.NAME).read_text(encoding="utf-8")) for folder in (release, release / "internal")
    )
    return public, internal


def test_provenance_is_an_in_toto_statement_about_the_files_of_its_part(release: Path) -> None:
    for statement, names in zip(
        statements(release),
        (["report/RNA/pack.html", "unit.csv"], ["report/RNA/pack.html", "trend.parquet"]),
        strict=True,
    ):
        assert statement["_type"] == "https://in-toto.io/Statement/v1"
        assert statement["predicateType"] == "https://slsa.dev/provenance/v1"
        assert [subject["name"] for subject in statement["subject"]] == names
        build = statement["predicate"]["buildDefinition"]
        assert build["externalParameters"]["snapshot_id"] == SNAPSHOT.snapshot_id
        assert build["externalParameters"]["disclosure_key"] == KEY
        assert build["externalParameters"]["method"] == {"z_95": "1.959964", "age_ranges": ["16+"]}
        assert build["internalParameters"] == {"libraries": {"duckdb": "2.0.0"}}
        assert {"name": "sql/marts/trend.sql", "digest": {"sha256": sha256("select 1")}} in (
            build["resolvedDependencies"]
        )
        assert statement["predicate"]["runDetails"]["builder"]["version"] == {"workforce-edi": "0.1.0"}


def test_no_digest_of_an_extract_or_of_an_exact_mart_leaves_the_house(release: Path) -> None:
    """A digest that goes out can be made again only by whoever holds every extract of the snapshot."""
    _, internal = statements(release)
    public = (release / provenance.NAME).read_text(encoding="utf-8")
    held = [sha256("file a"), sha256("file b")]
    for digest in (*held, sha256("exact"), sha256("exact pack")):
        assert digest not in public
        assert digest in json.dumps(internal)
    key = hashlib.sha256(f'["{min(held)}","{max(held)}"]\n'.encode()).digest()
    for digest in held:
        assert hmac.new(key, digest.encode(), "sha256").hexdigest() in public


def test_what_the_house_brought_itself_has_no_name_and_no_hash_of_its_own_outside(release: Path) -> None:
    """A waiver's name may be a person's, and its few words guessed; what is packaged is everybody's."""
    files = {"waivers/rna jane smith.yaml": sha256("waiver"), "reference/grade_groups.csv": sha256("packaged")}
    snapshot = replace(SNAPSHOT, files=files)
    program = {"data/reference/grade_groups.csv": sha256("packaged")}
    provenance.write(release, snapshot, {"a": sha256("file a")}, program, {}, "0.1.0", KEY)
    public, internal = (
        (folder / provenance.NAME).read_text(encoding="utf-8") for folder in (release, release / "internal")
    )
    assert "jane" not in public
    assert sha256("waiver") not in public
    assert '"name":"setting/0001"' in public
    assert '"name":"snapshot/reference/grade_groups.csv"' in public
    assert '"name":"snapshot/waivers/rna jane smith.yaml"' in internal
    assert sha256("waiver") in internal


@pytest.fixture
def public(tmp_path: Path) -> Path:
    """A release with a public table as it is described, and an internal one."""
    path = tmp_path / "2026-03-31-abcdefabcdef"
    (path / "internal").mkdir(parents=True)
    header = ",".join(describe.load("unit").columns)
    (path / "unit.csv").write_text(f"{header}\n", encoding="utf-8")
    (path / "internal" / "trend.parquet").write_text("exact", encoding="utf-8")
    return path


def test_the_gate_opens_for_a_sealed_release_whose_public_tables_count_nobody(public: Path) -> None:
    sums = seal.seal(public)
    assert gate.problems(public, sums) == []
    (public / "unit.csv").write_text("Unit", encoding="utf-8")
    assert "seal: unit.csv was changed" in gate.problems(public, sums)


@pytest.mark.parametrize(
    "name",
    [
        "representation_gaps.csv",
        "headcount.PARQUET",
        "counts.json",
        "report/unit.csv",
        "report/RNA/a.xlsx",
        "report/RNA/internal-pack.html",
        "wres_return.csv",
        "a.csv.gz",
    ],
)
def test_the_gate_stays_closed_for_any_file_that_is_not_known_to_count_nobody(public: Path, name: str) -> None:
    (public / name).parent.mkdir(parents=True, exist_ok=True)
    (public / name).write_text("x", encoding="utf-8")
    found = gate.problems(public, seal.seal(public))
    assert found == [f"public tables: {name} isn't one of the files that may go out"]


def test_the_gate_stays_closed_for_counts_under_the_name_of_a_table_without_any(public: Path) -> None:
    (public / "category.csv").write_text("org_code,headcount\nRNA,3\n", encoding="utf-8")
    table = pa.table({"org_code": ["RNA"], "headcount": [3]})
    pq.write_table(table, public / "unit.parquet")
    found = gate.problems(public, seal.seal(public))
    assert found == [f"public tables: {name} hasn't the columns described" for name in ("category.csv", "unit.parquet")]


def test_every_file_of_the_program_every_library_and_the_disclosure_key_decide_the_release(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, files = publish.release_id(SNAPSHOT, KEY), program.files()
    assert before.startswith("2026-03-31-")
    assert publish.release_id(SNAPSHOT, "ba9876543210") != before
    (tmp_path / "changed").write_text("another", encoding="utf-8")
    names = ("pipelines/measure/__init__.py", "sql/marts/trend.sql", "expectations/staff.json", "uv.lock")
    for name in (*names, "data/reference/population.csv"):
        with monkeypatch.context() as patch:
            patch.setattr(program, "files", lambda name=name: files | {name: tmp_path / "changed"})
            assert publish.release_id(SNAPSHOT, KEY) != before
    real = metadata.version
    monkeypatch.setattr(metadata, "version", lambda name: "0.0.1" if name == "duckdb" else real(name))
    assert publish.release_id(SNAPSHOT, KEY) != before


def test_the_wheel_in_a_release_is_the_program(tmp_path: Path) -> None:
    """It holds each file where an installation looks for it, is the same twice, and installs with an ordinary tool."""
    (tmp_path / "again").mkdir()
    wheel = program.wheel(tmp_path)
    assert wheel.read_bytes() == program.wheel(tmp_path / "again").read_bytes()
    with zipfile.ZipFile(wheel) as archive:
        held = {name: archive.read(name) for name in archive.namelist() if ".dist-info/" not in name}
    assert held["pipelines/publish/program.py"] == Path(program.__file__).read_bytes()
    assert held["pipelines/shipped/uv.lock"] == (places.PROJECT / "uv.lock").read_bytes()
    assert len(held) == len(program.files())
    site = tmp_path / "site"
    pip = [sys.executable, "-m", "pip", "install", "-qq", "--no-deps", "--no-index", "--target", str(site), str(wheel)]
    subprocess.run(pip, check=True, capture_output=True)
    (installed,) = metadata.distributions(name="workforce-edi", path=[str(site)])
    assert installed.version == program.version()
    assert sorted(installed.requires or []) == sorted(program._project()["dependencies"])
    assert (site / "pipelines" / "shipped" / "sql" / "marts" / "trend.sql").is_file()


def test_the_parts_that_counts_came_from_are_named(tmp_path: Path) -> None:
    extract = FrozenExtract(
        "e", "staff", "edi_staff", "monthly", tmp_path / "77.parquet", (("RNA", "2026-03-31"),), False
    )
    kept = {extract: {"cube_part": tmp_path / "cube_part" / "d-c.parquet"}}
    measured = measure.Measured(SNAPSHOT, tmp_path, (), kept)
    assert publish._parts(measured) == [{"extract": "e", "typed": "77", "parts": {"cube_part": "d-c.parquet"}}]
