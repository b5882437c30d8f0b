"""Changes: what is another today than it was when a release was made."""

import platform
from collections.abc import Iterator
from pathlib import Path

from pipelines.audit.definitions import changed_definitions
from pipelines.freeze import Snapshot
from pipelines.places import DataFolder
from pipelines.publish import program as program_files
from pipelines.publish import provenance
from pipelines.reference import TABLES, deciding, method

# What of the program computes, by how its paths begin; SQL first, for it is what a number comes from.
KINDS = {"sql/": "SQL", "pipelines/": "code", "expectations/": "rules", "data/contracts/": "contract", "": "file"}


def program() -> str:
    """Say which program audits: its version, and how the hash of all of its files begins."""
    return f"Workforce EDI {program_files.version()}, {program_files.sha256(program_files.hashes())[:12]}"


def since(release: Path, frozen: Snapshot, python: str) -> Iterator[str]:
    """Yield what is another than it was, a line each: first SQL, then code, libraries, and reference tables.

    Args:
        release: the release's folder.
        frozen: the snapshot that it was made from.
        python: the version of Python then, as the ledger has it.
    """
    then = provenance.read(release)
    changed = {one.name: one.kind for one in changed_definitions(then.program, program_files.hashes())}
    for prefix, kind in KINDS.items():
        for name in [name for name in changed if name.startswith(prefix)]:
            yield f"{kind}: {name} was {changed.pop(name)}"
    for one in changed_definitions(then.libraries, program_files.libraries()):
        yield f"library: {one.name} was {one.old or 'not used'}, is {one.new or 'not used any more'}"
    if python != platform.python_version():
        yield f"Python: was {python}, is {platform.python_version()}"
    for name in sorted(set(deciding(method(DataFolder(release)))) - set(frozen.method)):
        yield f"method: the snapshot has no setting {name}; today's was used"
    for name in TABLES:
        if f"reference/{name}.csv" not in frozen.files:
            yield f"reference: the snapshot has no {name}.csv; today's was used"
