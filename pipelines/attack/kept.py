"""Results that are kept, so that an attack that was stopped goes on: counts only, no certificate and no cell."""

import hashlib
import json
from dataclasses import asdict, fields
from functools import cache
from pathlib import Path

from pipelines import places
from pipelines.attack.cells import Outcome
from pipelines.attack.known import Laid
from pipelines.disk import write_whole

FOLDER = "attacked"


@cache
def program() -> str:
    """Return the hash of what attacks: this package and the version of the solver."""
    import highspy

    digest = hashlib.sha256(highspy.Highs().version().encode())
    for path in sorted((places.PACKAGE / "attack").glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def place(folder: Path, laid: Laid, min_values: int) -> Path:
    """Return where the result of an attack on one table is kept: named by everything that it hangs on.

    Args:
        folder: where such results are kept.
        laid: the table with what is known of it.
        min_values: how many values have to remain possible.
    """
    digest = hashlib.sha256(f"{program()} {min_values} ".encode() + laid.digest())
    return folder / f"{digest.hexdigest()[:32]}.json"


def read(path: Path) -> Outcome | None:
    """Return a result that is kept; None where there is none, or it can't be read: then it is worked out again."""
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        sha256 = said.pop("sha256")
    except (OSError, ValueError, AttributeError, KeyError, TypeError, RecursionError):
        return None
    names = {one.name for one in fields(Outcome)}
    if set(said) != names or sha256 != _sha256(said):
        return None
    return Outcome(**said)


def write(path: Path, outcome: Outcome) -> None:
    """Keep a result."""
    path.parent.mkdir(parents=True, exist_ok=True)
    said = asdict(outcome)
    write_whole(path, json.dumps({**said, "sha256": _sha256(said)}, sort_keys=True) + "\n")


def _sha256(said: dict[str, int | None]) -> str:
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
