"""The contract of each feed, read from ``data/contracts``: columns, types, units, keys."""

from functools import cache
from typing import Literal

from pydantic import BaseModel, ConfigDict

from pipelines import declared, places

FEEDS = ("staff", "headcount", "population")

# Those about people in post.
POST_FEEDS = ("staff", "headcount")

# A written-out answer: the typed columns of a feed that counts people, whatever the characteristic.
ANSWER = ("characteristic", "classification", "category", "answer_status")

DUCKDB_TYPES = {"text": "varchar", "choice": "varchar", "date": "date", "boolean": "boolean", "count": "bigint"}


class Column(BaseModel):
    """A column of a feed.

    ``choices`` or ``reference`` (the name of a code list) say what a choice may be. An answer with a ``characteristic``
    is always about that one; without, each row says which. ``<name>_source_value`` keeps the sender's value as the list
    spells it: of answers about one characteristic, and where ``keeps_source_value`` says so. A count with ``symbols``
    may be a publisher's word for why there is no number: then it is null, and ``marker`` says why.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["text", "date", "boolean", "decimal", "count", "choice", "answer"]
    meaning: str
    required: bool = False
    unit: str = ""
    choices: tuple[str, ...] = ()
    reference: Literal["", "grade", "staff_group"] = ""
    characteristic: str = ""
    keeps_source_value: bool = False
    symbols: bool = False
    digits: int = 0
    decimals: int = 0

    def typed(self, name: str) -> dict[str, str]:
        """Return the columns that this one becomes in the typed table, with their DuckDB types."""
        if self.type == "answer" and self.characteristic:
            return dict.fromkeys(
                (f"{name}_classification", name, f"{name}_answer_status", f"{name}_source_value"), "varchar"
            )
        if self.type == "answer":
            return dict.fromkeys(ANSWER, "varchar")
        if self.type == "decimal":
            return {name: f"decimal({self.digits}, {self.decimals})"}
        kind = {name: DUCKDB_TYPES[self.type]}
        if self.keeps_source_value:
            kind[f"{name}_source_value"] = "varchar"
        if self.symbols:
            kind["marker"] = "varchar"
        return kind


class Contract(BaseModel):
    """A feed's contract.

    No two rows of a file share its ``key``; no two new files may speak about the same ``about``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    feed: str
    grain: str
    about: tuple[str, ...]
    key: tuple[str, ...]
    columns: dict[str, Column]

    @property
    def typed(self) -> dict[str, str]:
        """Every column of the typed table with its DuckDB type, in order."""
        return {key: kind for name, column in self.columns.items() for key, kind in column.typed(name).items()}


@cache
def load(feed: str) -> Contract:
    """Read the contract of a feed."""
    return Contract.model_validate(declared.read(places.CONTRACTS / f"{feed}.yaml"))
