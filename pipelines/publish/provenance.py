"""Provenance: what a release was made from and by, as an in-toto Statement with a predicate in the shape of SLSA's.

One goes out with the public part, one stays inside. What goes out names no file of the exact marts and no extract by
its own hash: whoever guesses a small file, or a small table, could prove the guess by it.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.disk import file_sha256, write_whole
from pipelines.freeze import Snapshot, canonical
from pipelines.freeze.objects import RESTORE, DamagedError
from pipelines.seal import INTERNAL, held

NAME = "provenance.intoto.json"

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://slsa.dev/provenance/v1"
# What kind of work this is; names, not addresses where anything lies.
BUILD = "https://workforce-edi.org/release/v1"
BUILDER = "https://workforce-edi.org/edi"


def write(
    release: Path,
    snapshot: Snapshot,
    digests: Mapping[str, str],
    program: Mapping[str, str],
    libraries: Mapping[str, str],
    version: str,
    disclosure_key: str,
) -> None:
    """Write both statements, each about the files that lie in its part of the release by now.

    Args:
        release: the release's folder; but for these statements and the lists of hashes it is complete.
        snapshot: what it was made from.
        digests: the SHA-256 of each extract's bytes, by the extract.
        program: the SHA-256 of each file of the program, by its path in a checkout.
        libraries: versions by name.
        version: the program's.
        disclosure_key: what the key is called that the public counts are protected with.
    """
    packaged = {name: sha256 for name, sha256 in snapshot.files.items() if sha256 in program.values()}
    own = {name: sha256 for name, sha256 in snapshot.files.items() if name not in packaged}
    key = _key(digests)
    made_by = [*_materials(program), *_materials(_frozen(packaged))]
    for folder, made_from in (
        (release, [*_unnamed("setting", key, own), *_unnamed("extract", key, digests)]),
        (release / INTERNAL, [*_materials(_frozen(own)), *_materials(_numbered("extract", digests.values()))]),
    ):
        statement = {
            "_type": STATEMENT,
            "subject": [
                {"name": path.relative_to(folder).as_posix(), "digest": {"sha256": file_sha256(path)}}
                for path in held(folder)
                if path.name != NAME
            ],
            "predicateType": PREDICATE,
            "predicate": {
                "buildDefinition": {
                    "buildType": BUILD,
                    "externalParameters": {
                        "snapshot_id": snapshot.snapshot_id,
                        "as_at_date": snapshot.as_at_date.isoformat(),
                        "disclosure_key": disclosure_key,
                        # As texts: no floating-point number is written down that another program could spell otherwise.
                        "method": _texts(snapshot.method),
                    },
                    "internalParameters": {"libraries": dict(libraries)},
                    "resolvedDependencies": [*made_by, *made_from],
                },
                "runDetails": {"builder": {"id": BUILDER, "version": {"workforce-edi": version}}},
            },
        }
        write_whole(folder / NAME, canonical(statement))


def _frozen(files: Mapping[str, str]) -> dict[str, str]:
    return {f"snapshot/{name}": sha256 for name, sha256 in files.items()}


@dataclass(frozen=True)
class MadeBy:
    """What made a release: the SHA-256 of each file of the program, and the version of each library, by name."""

    program: Mapping[str, str]
    libraries: Mapping[str, str]
    disclosure_key: str = ""


def read(release: Path) -> MadeBy:
    """Return what made a release, as the statement says that stays inside.

    Raises:
        DamagedError: the statement isn't there, or isn't one.
    """
    path = release / INTERNAL / NAME
    try:
        build = json.loads(path.read_text(encoding="utf-8"))["predicate"]["buildDefinition"]
        files = {one["name"]: one["digest"]["sha256"] for one in build["resolvedDependencies"]}
        program = {name: sha256 for name, sha256 in files.items() if not name.startswith(("snapshot/", "extract/"))}
        key = build["externalParameters"].get("disclosure_key", "")
        return MadeBy(program, dict(build["internalParameters"]["libraries"]), str(key))
    except (FileNotFoundError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise DamagedError(f"{path} isn't there, or doesn't say what made the release; {RESTORE}") from error


def _materials(files: Mapping[str, str]) -> list[dict[str, Any]]:
    return [{"name": name, "digest": {"sha256": sha256}} for name, sha256 in sorted(files.items())]


def _numbered(what: str, digests: Iterable[str]) -> dict[str, str]:
    return {f"{what}/{number:04}": digest for number, digest in enumerate(sorted(digests), start=1)}


def _key(digests: Mapping[str, str]) -> bytes:
    """Return the key that hashes are salted with before they leave the house: of all extracts together.

    Whoever holds one file, or guesses it, can't tell whether it is among them without every extract
    (docs/decisions/0020). The key is no secret of its own, so that the same snapshot gives the same bytes anywhere.
    """
    return hashlib.sha256(canonical(sorted(digests.values())).encode()).digest()


def _unnamed(what: str, key: bytes, files: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return what the house brought itself, by numbers: a name could be a person's, and a plain hash prove a guess."""
    salted = [hmac.new(key, digest.encode(), hashlib.sha256).hexdigest() for digest in files.values()]
    return [
        {"name": name, "digest": {"hmac-sha256": digest}} for name, digest in sorted(_numbered(what, salted).items())
    ]


def _texts(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _texts(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_texts(one) for one in value]
    return value if isinstance(value, bool) else str(value)
