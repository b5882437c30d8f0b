"""A small data folder by hand, as runs, an approval, an audit and a disposal leave one: everything that a ledger names.

Its files hold a few letters each: what is held to the ledger is their bytes, whatever they mean.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipelines import ledger, verify
from pipelines.measure.parts import PARTS
from pipelines.places import DataFolder
from pipelines.verify import chain
from pipelines.verify.stored import Problem, Stored

MARCH, APRIL = "2026-03-31", "2026-04-30"
RELEASES = {MARCH: f"{MARCH}-{'a1' * 6}", APRIL: f"{APRIL}-{'b2' * 6}"}
PUBLIC = ("unit.parquet", "unit.csv", "datapackage.json", "provenance.intoto.json")
INTERNAL = ("headcount.parquet", "datapackage.json", "parts.json", "workforce_edi-0.1-py3-none-any.whl")


def sha256(content: str) -> str:
    """The hash of a file that holds a text."""
    return hashlib.sha256(content.encode()).hexdigest()


def put(path: Path, content: str) -> str:
    """Write a file, and return its hash."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode())
    return sha256(content)


def put_object(folder: DataFolder, content: str, ending: str = "") -> str:
    """Write an object under the hash of what it holds, and return that."""
    return put(folder.snapshots / "objects" / f"{sha256(content)}{ending}", content)


def extract(folder: DataFolder, name: str) -> dict[str, Any]:
    """Keep an extract's bytes and its typed rows; return its entry in a manifest, as far as it matters here."""
    return {
        "sha256": sha256(f"{name} with its sidecar"),
        "content_sha256": put_object(folder, f"{name}, as sent\n"),
        "typed": put_object(folder, f"{name}, typed", ".parquet"),
        "feed": "staff",
    }


def freeze(folder: DataFolder, as_at: str, extracts: list[dict[str, Any]], revises: list[dict[str, Any]]) -> str:
    """Write a snapshot, with its line; return its id."""
    manifest = {
        "as_at_date": as_at,
        "extracts": extracts,
        "revises": revises,
        "files": {
            "layouts/edi_staff.yaml": put_object(folder, "layout: edi_staff\n"),
            "reference/empty.csv": put_object(folder, ""),
        },
        "method": put_object(folder, '{"min_known":30}\n'),
    }
    text = json.dumps(manifest, sort_keys=True, separators=(",", ":")) + "\n"
    snapshot = put(folder.snapshots / sha256(text) / "manifest.json", text)
    for kind in PARTS:
        content = f"{kind} as at {as_at}"
        put(folder.snapshots / kind / part(kind, as_at), content)
    ledger.append(folder.ledger, [{"event": "frozen", "snapshot_id": snapshot, "as_at_date": as_at}])
    return snapshot


def part(kind: str, as_at: str) -> str:
    """What the counts of an extract are called that are kept."""
    return f"{sha256('definition')[:32]}-{sha256(f'{kind} as at {as_at}')}.parquet"


def release(folder: DataFolder, as_at: str, snapshot: str) -> None:
    """Write a release, with its line, and what points to it."""
    path = folder.marts / RELEASES[as_at]
    sums = {}
    for below, names in (("internal/", INTERNAL), ("", PUBLIC)):
        texts = {name: f"{below}{name} as at {as_at}\n" for name in names}
        if below:
            parts = {kind: part(kind, as_at) for kind in PARTS}
            texts["parts.json"] = json.dumps([{"extract": "e", "typed": "t", "parts": parts}])
        listed = [(put(path / f"{below}{name}", text), name) for name, text in texts.items()]
        sums[f"{below}SHA256SUMS"] = put(
            path / f"{below}SHA256SUMS", "".join(f"{one}  {name}\n" for one, name in sorted(listed))
        )
    for name in (*PUBLIC, "SHA256SUMS"):
        put(folder.marts / "current" / name, (path / name).read_text())
    event = {"event": "released", "release_id": RELEASES[as_at], "snapshot_id": snapshot, "sums": sums, "by": "ann"}
    ledger.append(folder.ledger, [event])
    point(folder, as_at, snapshot, "built")


def point(folder: DataFolder, as_at: str, snapshot: str, state: str) -> None:
    """Let ``current.json`` name a release."""
    said = {"release_id": RELEASES[as_at], "path": RELEASES[as_at], "snapshot_id": snapshot, "as_at_date": as_at}
    put(folder.marts / "current.json", json.dumps(said | {"state": state}, sort_keys=True) + "\n")


def kept(root: Path) -> DataFolder:
    """Make the folder: March, of which one extract was disposed of; April, which revises another, and was published."""
    folder = DataFolder(root)
    staff, bank, again = (extract(folder, name) for name in ("staff", "bank", "staff, again"))
    received = [
        {"event": "received", "file": f"{one['sha256'][:4]}.csv", "sha256": one["sha256"], "feed": "staff", "about": []}
        for one in (staff, bank, again)
    ]
    ledger.append(folder.ledger, received[:2])
    march = freeze(folder, MARCH, [staff, bank], [])
    release(folder, MARCH, march)
    ledger.append(folder.ledger, received[2:])
    april = freeze(folder, APRIL, [again], [{"feed": "staff", "sha256": staff["sha256"], "typed": staff["typed"]}])
    release(folder, APRIL, april)
    dispose(folder, bank)
    about: dict[str, Any] = {"release_id": RELEASES[APRIL]}
    ledger.append(folder.ledger, [{"event": "gated", **about, "checks": ["sums"]}])
    approved = {"name": "B. Board", "role": "chair", "on": "2026-06-01", "minute": "7", "by": "ann"}
    ledger.append(folder.ledger, [{"event": "approved", **about, **approved}])
    ledger.append(folder.ledger, [{"event": "published", **about, "to": "/srv/www", "by": "ann"}])
    audited = {"snapshot_id": april, "verdict": "same bytes", "receipt": sha256("receipt")}
    ledger.append(folder.ledger, [{"event": "audited", **about, **audited}])
    point(folder, APRIL, april, "published")
    return folder


def dispose(folder: DataFolder, one: Mapping[str, Any]) -> None:
    """Remove an extract's objects, with a line."""
    names = [one["content_sha256"], f"{one['typed']}.parquet"]
    for name in names:
        (folder.snapshots / "objects" / name).unlink()
    why = {"authorised_by": "I. Governance", "reason": "retention", "by": "ann"}
    ledger.append(folder.ledger, [{"event": "disposed", "extract": one["sha256"], "objects": names, **why}])


def problems(folder: DataFolder) -> list[Problem]:
    """What is wrong with a data folder, or can't be checked."""
    return list(verify.verify(Stored(folder.root), chain.read(folder.ledger)))


def said(folder: DataFolder) -> list[str]:
    """The same as lines."""
    return [str(one) for one in problems(folder)]
