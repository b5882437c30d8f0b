"""What is printed of an audit."""

from pipelines import approval
from pipelines.audit import DAMAGED, DIFFERS, NOT_RELEASED, NOT_RUN, SAME_BYTES, SAME_CONTENT, Receipt
from pipelines.places import DataFolder

VERDICTS = {
    SAME_BYTES: "made again: every table has the same bytes",
    SAME_CONTENT: "made again: every table has the same content, and some other bytes",
    DIFFERS: "NOT made again: its content differs",
    DAMAGED: "NOT made again: what was kept is damaged",
    NOT_RUN: "NOT made again: this program can't make it",
}

# So many tables and changes are named in a line or list.
NAMED = 12


def current(folder: DataFolder) -> str:
    """Return the current release's id.

    Raises:
        ApprovalError: there is none.
    """
    return approval.find(folder, None).release_id


def summary(receipt: Receipt) -> str:
    """Return the verdict in a line: which release, and whether it was made again."""
    return f"release {receipt.release_id}: {VERDICTS[receipt.verdict]}"


def lines(receipt: Receipt) -> list[str]:
    """Return what an auditor reads below the verdict, a line each."""
    said = [f"snapshot  {receipt.snapshot_id}", f"program   {receipt.program}", f"from      {receipt.started_from}"]
    said += [f"damaged   {line}" for line in receipt.damage]
    for verdict in dict.fromkeys(receipt.tables.values()):
        names = [name for name, one in receipt.tables.items() if one == verdict]
        more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
        which = "all" if len(names) == len(receipt.tables) else ", ".join(names[:NAMED]) + more
        new = " (new today; it takes nothing from the verdict)" if verdict == NOT_RELEASED else ""
        said.append(f"tables    {verdict}: {len(names):,}, {which}{new}")
    if receipt.first_difference:
        said.append(f"first     then → now, exact and internal: {receipt.first_difference}")
    if receipt.verdict not in (SAME_BYTES, DAMAGED) or receipt.changed:
        said += [f"changed   {line}" for line in receipt.changed[:NAMED]]
        if len(receipt.changed) > NAMED:
            said.append(f"changed   and {len(receipt.changed) - NAMED:,} more, which the receipt names")
    if receipt.verdict == DIFFERS and not receipt.changed:
        said.append("changed   nothing that is known: look at the machine, its memory and disk, and audit again")
    if receipt.verdict == NOT_RUN or (receipt.verdict == DIFFERS and receipt.changed):
        said.append("next      the program that made it is in the release: 'edi audit --as-recorded' has it judge")
    return said
