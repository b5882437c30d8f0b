"""Receipts of audits that ran by themselves, held to the ledger's lines about them."""

from collections.abc import Iterator, Sequence

from pipelines.ledger import Entry
from pipelines.verify.stored import AUDITS, RESTORE, Problem, Stored


def check(stored: Stored, entries: Sequence[tuple[int, Entry]]) -> Iterator[Problem]:
    """Hold each receipt to the hashes that were entered; one that was changed, or never entered, is said.

    Where a receipt of a line lies the ledger doesn't say: `edi audit --out` puts it anywhere.

    Args:
        stored: what lies in the data folder.
        entries: the ledger's, with their places.
    """
    entered = {str(entry.get("receipt")) for _, entry in entries if entry["event"] == "audited"}
    for path in stored.below(AUDITS):
        stored.accounted.add(path)
        if stored.sha256(path) not in (*entered, ""):
            what = "is no receipt that the ledger has: it was changed, or never entered"
            yield Problem(path, what, f"enter it with 'edi ledger register', or {RESTORE}")
