"""Lists: what a sender's words mean, as the table ``lookup`` that ``typed.py`` joins.

Every value that occurs is in a list or is rejected by name; nothing is guessed and nothing falls through.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from pipelines import reference
from pipelines.contract import ANSWER, Column, Contract
from pipelines.database import Connection, literal
from pipelines.layout import Layout, Source, allowed_choices, folded
from pipelines.mapping import OrganisationMapping

FIELDS = ("list", "org_code", "key", "value", "source_value", "rejection", *ANSWER)

# What stands at the foot or side of a sheet, and is nobody's grade or answer.
TOTALS = ("all", "total", "totals", "grand total", "subtotal", "sub-total", "sub total", "sum")

Entry = dict[str, str | None]


def is_looked_up(column: Column, source: Source) -> bool:
    """Tell whether a column's value is found in a list: a choice, an answer, or words that the layout translates."""
    return (
        source.constant is None
        and (source.origin is not None or bool(source.sidecar))
        and (column.type in ("choice", "answer") or bool(source.values) or bool(source.value_list))
    )


def list_part(source: Source, part: str) -> str:
    """Return the SQL of the characteristic or classification of a column's list, which an empty cell has too."""
    values = {row[part] for row in reference.source_values() if row["value_list"] == source.value_list}
    return literal(values.pop()) if len(values) == 1 else "null"


def register(
    con: Connection,
    recognised: Layout,
    feed: Contract,
    method: Mapping[str, Any],
    mappings: Sequence[OrganisationMapping],
) -> frozenset[str]:
    """Make the table ``lookup``: for each contract column, the words that it may hold and what they mean.

    A word of another column's list, or one that stands for a total, is there too, as a rejection with that name.

    Args:
        con: database with the reference tables.
        recognised: the layout, whose lists and values are used.
        feed: its contract.
        method: ``reassign_CA_CB_CC_CD_C2_to_A`` is used here.
        mappings: organisations' own words, which come before everybody's.

    Returns:
        The columns that ``mappings`` has words for.

    Raises:
        RuntimeError: a list has a word twice; the join would double its rows.
    """
    sources = {name: recognised.columns.get(name, Source()) for name in feed.columns}
    columns = [name for name, column in feed.columns.items() if is_looked_up(column, sources[name])]
    lists = {name: list(_entries(con, feed.columns[name], sources[name], method)) for name in columns}
    rows: list[Entry] = []
    for name, entries in lists.items():
        rows += [{"list": name, "org_code": "", **entry} for entry in entries]
        rows += [{"list": name, "org_code": "", **entry} for entry in _misplaced(name, lists)]
    own: list[Entry] = [
        {"list": name, "org_code": mapping.organisation, "key": folded(word), "value": code, "source_value": word}
        for mapping in mappings
        for name, words in mapping.columns.items()
        if name in columns
        for word, code in words.items()
    ]
    _check_once([*rows, *own])
    table = pa.table({name: pa.array([row.get(name) for row in [*rows, *own]], pa.string()) for name in FIELDS})
    con.register("lookup_rows", table)
    con.execute("create or replace temp table lookup as select * from lookup_rows")
    con.unregister("lookup_rows")
    return frozenset(str(row["list"]) for row in own)


def _check_once(rows: Iterable[Entry]) -> None:
    seen = set()
    for row in rows:
        key = (row["list"], row["org_code"], row["key"])
        if key in seen:
            raise RuntimeError(
                f"the list of {row['list']} has '{row['key']}' twice, apart from case and spaces; keep one"
            )
        seen.add(key)


def _misplaced(name: str, lists: Mapping[str, Sequence[Entry]]) -> Iterable[Entry]:
    """Yield what must not stand in a column: words that are another column's only, and words for a total."""
    own = {entry["key"] for entry in lists[name]}
    others = {entry["key"] for other, entries in lists.items() if other != name for entry in entries}
    for key in sorted(map(str, others - own)):
        yield {"key": key, "rejection": "of_another_column"}
    for key in TOTALS:
        if key not in own | others:
            yield {"key": key, "rejection": "a_total"}


def _entries(con: Connection, column: Column, source: Source, method: Mapping[str, Any]) -> Iterable[Entry]:
    if column.type == "answer":
        yield from _written_out_answers(con) if source.parts else _answers(source.value_list, method)
    elif source.values:
        for word, value in source.values.items():
            yield {"key": folded(word), "source_value": word, "value": value}
    elif source.value_list:
        for row in reference.coded_lists()[source.value_list]:
            word = row["source_value"]
            yield {
                "key": folded(word),
                "source_value": word,
                "value": row["code"] or None,
                "rejection": row["rejection"] or None,
            }
    else:
        for value in allowed_choices(column):
            yield {"key": folded(value), "source_value": value, "value": value}


def _answers(value_list: str, method: Mapping[str, Any]) -> Iterable[Entry]:
    """Yield a list's answers; English, Scottish, Welsh, Cornish and Northern Irish under A if the method says so."""
    for row in reference.source_values():
        if row["value_list"] == value_list:
            answer = {part: row[part] or None for part in ANSWER}
            if row["alternative_category"] and method["reassign_CA_CB_CC_CD_C2_to_A"]:
                answer["category"] = row["alternative_category"]
            yield {"key": folded(row["source_value"]), "source_value": row["source_value"], **answer}


def _written_out_answers(con: Connection) -> Iterable[Entry]:
    for characteristic, classification, category in con.execute(
        "select characteristic, classification, category from reference_categories order by all"
    ).fetchall():
        answer = {"characteristic": characteristic, "classification": classification}
        yield {"key": folded(f"{characteristic}|{classification}|{category}|known"), **answer} | {
            "category": category,
            "answer_status": "known",
        }
    for characteristic, classification in con.execute(
        "select distinct characteristic, classification from reference_categories order by all"
    ).fetchall():
        for status in ("declined", "missing", "unknown"):
            yield {
                "key": folded(f"{characteristic}|{classification}||{status}"),
                "characteristic": characteristic,
                "classification": classification,
                "answer_status": status,
            }
