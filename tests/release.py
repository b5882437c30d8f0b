"""Small releases made by hand: a snapshot's manifest, a sealed folder, the ledger's lines about them."""

import hashlib
import json
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipelines import approval, governance, ledger
from pipelines.approval import ApprovalError, Decision
from pipelines.freeze import canonical
from pipelines.governance import GovernanceError
from pipelines.places import DataFolder

RELEASE = "2026-03-31-aaaaaaaaaaaa"
MADE, TODAY = "2026-04-10T09:00:00+00:00", date(2026, 4, 20)
DECISION = Decision("B. Member", "chair of the EDI board", date(2026, 4, 14), "EDI/2026/14")
TABLES = {"LICENCE": "OGL", "unit.csv": "org_code\nRNA\n", "unit.parquet": "PAR1", "more/RNA/pack.html": "<p>"}
EXACT = {"internal/trend.parquet": "PAR1 exact", "internal/report/RNA/internal-pack.html": "exact pack"}
PUBLIC = [*TABLES, "datapackage.json"]

GOVERNANCE = """
dpia: {reference: DPIA-7, approved_on: 2025-06-01, review_by: 2026-06-01}
sharing_agreements:
  - {organisation: RNA, reference: ISA/1, signed_on: 2025-06-01, review_by: 2026-06-01}
runners:
  - {name: A. Analyst, account: anna}
approvers:
  - {name: B. Member, role: chair of the EDI board, account: none}
  - {name: C. Officer, role: information governance lead, account: cora}
"""


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def extract(*organisations: str, feed: str = "staff", layout: str = "edi_staff", synthetic: bool = False) -> Any:
    """An extract of a manifest, as far as it is asked for here."""
    owns = [[code, "2026-03-31"] for code in organisations]
    return {"feed": feed, "layout": layout, "owns": owns, "synthetic": synthetic}


def snapshot(folder: DataFolder, *extracts: Any, files: dict[str, str] | None = None) -> str:
    """Write a manifest; return the snapshot's id."""
    text = canonical(
        {"as_at_date": "2026-03-31", "extracts": list(extracts), "files": files or {}, "revises": [], "method": ""}
    )
    snapshot_id = sha256(text.encode())
    (folder.snapshots / snapshot_id).mkdir(parents=True)
    (folder.snapshots / snapshot_id / "manifest.json").write_text(text, encoding="utf-8")
    ledger.append(folder.ledger, [{"event": "frozen", "snapshot_id": snapshot_id, "as_at_date": "2026-03-31"}])
    return snapshot_id


def seal(folder: Path) -> str:
    """Write the list of a folder's files, but for what is below internal; return its SHA-256."""
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and folder / "internal" not in path.parents]
    lines = [f"{sha256(path.read_bytes())}  {path.relative_to(folder).as_posix()}\n" for path in paths]
    (folder / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")
    return sha256("".join(lines).encode())


def make(folder: DataFolder, *extracts: Any, release_id: str = RELEASE, **said: Any) -> Path:
    """Make a gated release, the current one, of a snapshot with these extracts; ``said`` changes its line `released`.

    Without extracts, of one staff extract of RNA.
    """
    snapshot_id = snapshot(folder, *(extracts or (extract("RNA"),)), files=said.pop("files", None))
    path = folder.marts / release_id
    for name, text in {**TABLES, "datapackage.json": release_id, **EXACT}.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(text, encoding="utf-8")
    sums = {"internal/SHA256SUMS": seal(path / "internal"), "SHA256SUMS": seal(path)}
    line = {"event": "released", "at": MADE, "release_id": release_id, "snapshot_id": snapshot_id, "sums": sums}
    ledger.append(folder.ledger, [{**line, "by": "anna", **said}])
    ledger.append(folder.ledger, [{"event": "gated", "release_id": release_id, "checks": []}])
    shutil.rmtree(folder.marts / "current", ignore_errors=True)
    shutil.copytree(path, folder.marts / "current", ignore=shutil.ignore_patterns("internal"))
    pointer = {"release_id": release_id, "path": release_id, "snapshot_id": snapshot_id, "state": "gated"}
    (folder.marts / "current.json").write_text(json.dumps(pointer), encoding="utf-8")
    if not (folder.root / "governance.yaml").exists():
        (folder.root / "governance.yaml").write_text(GOVERNANCE, encoding="utf-8")
    return path


def approve(folder: DataFolder, asked: str | None = None, decision: Decision = DECISION) -> None:
    approval.approve(folder, asked, decision, TODAY)


def refused(folder: DataFolder, asked: str | None = None, **changed: Any) -> list[str]:
    """The sentences with which an approval is refused; nothing was written."""
    before = folder.ledger.read_bytes()
    with pytest.raises((ApprovalError, GovernanceError)) as stopped:
        approve(folder, asked, replace(DECISION, **changed))
    assert folder.ledger.read_bytes() == before
    return [str(stopped.value), *getattr(stopped.value, "__notes__", ())]


def said(folder: DataFolder, **entries: Any) -> None:
    """Write the governance file with entries changed."""
    (folder.root / "governance.yaml").write_text(GOVERNANCE, encoding="utf-8")
    changed = governance.load(folder).model_dump(mode="json") | entries
    (folder.root / "governance.yaml").write_text(json.dumps(changed), encoding="utf-8")


def files(folder: Path) -> dict[str, str]:
    """Every file below a folder, with what it says."""
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
