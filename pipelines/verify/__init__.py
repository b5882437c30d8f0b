"""Verify: the ledger held to itself, and every file that it names held to the ledger; nothing is written.

What hashes can't show stands in docs/ledger.md.
"""

from collections.abc import Iterator

from pipelines.measure.parts import PARTS
from pipelines.protect.parts import KIND
from pipelines.verify import audits, parts, releases, snapshots
from pipelines.verify.chain import Chain
from pipelines.verify.stored import MEND_FIRST, SNAPSHOTS, Problem, Stored


def verify(stored: Stored, chain: Chain) -> Iterator[Problem]:
    """Yield whatever is wrong, or can't be checked, with a ledger and the files that it names, in order.

    Args:
        stored: what lies in the data folder.
        chain: its ledger, as ``chain.read`` found it.
    """
    yield from chain.problems
    yield from snapshots.check(stored, chain.entries)
    yield from releases.check(stored, chain.entries)
    yield from parts.check(stored, chain.entries, (*PARTS, KIND))
    yield from audits.check(stored, chain.entries)
    # What an attack keeps is named by what it hangs on, and worked out again where it is damaged: nobody else names it.
    stored.pass_over(f"{SNAPSHOTS}/attacked")
    yield from stored.strays(*([MEND_FIRST] if chain.problems else []))
    yield from stored.problems


def summary(stored: Stored, chain: Chain) -> str:
    """Return how much was held to the ledger."""
    counts = (
        (len(snapshots.frozen(chain.entries)), "snapshots"),
        (sum(1 for _ in stored.below(snapshots.OBJECTS)), "objects"),
        (len(releases.made(chain.entries)), "releases"),
        (len(stored.files), "files in all"),
    )
    return ", ".join(f"{count:,} {name}" for count, name in counts)
