"""From a sender's text to the contract's types: the SELECT that a layout and a contract make of a file.

Lists decide what a value means; a form (a regular expression) decides whether a text is a date or a number, because a
cast alone would round 1.555 in silence.
"""

from collections.abc import Iterable, Sequence

import pyarrow as pa

from pipelines import reference
from pipelines.contract import ANSWER, Column, Contract
from pipelines.database import Connection, identifier, literal
from pipelines.layout import Layout, Source, allowed_choices, folded

FORMS = {
    "date": ("[0-9]{4}-[0-9]{2}-[0-9]{2}", "not_a_date"),
    "boolean": ("(?i)yes|no", "not_yes_or_no"),
    "count": ("[0-9]{1,15}", "not_a_whole_number"),
    "decimal": ("[0-9]{1,%d}([.][0-9]{1,%d})?", "not_a_number"),
}


def typed_query(recognised: Layout, feed: Contract, header: Sequence[str], table: str) -> str:
    """Return the SELECT that turns rows of text into the typed table of a feed; a row per row, by extract and line.

    ``table``, called ``sent`` in the SQL, has the columns ``extract`` and ``source_line``, then those of ``header``.

    Shape: ``extract``, ``source_line``; ``row_role`` (detail; total, which checks its parts; not_applicable, which says
    nothing); ``dimensions`` (a total's and its parts' places in the publisher's table, null standing for "all") and
    ``left_out`` (where a part stays out of such an "all"); the contract's typed columns; ``<column>_fault`` for each
    contract column.
    """
    columns: list[str] = []
    joins: list[str] = []
    for name, column in feed.columns.items():
        source = recognised.columns.get(name, Source())
        columns += _typed_column(recognised, name, column, source, header)
        if _is_looked_up(column, source):
            joins.append(
                f"left join lookup as {_found(name)} on {_found(name)}.list = {literal(name)} "
                f"and {_found(name)}.key = {_key(_lookup_text(recognised, source, header))}"
            )
    role, dimensions, left_out = _row_columns(recognised)
    return (
        f"select sent.extract, sent.source_line, {role} as row_role, {dimensions} as dimensions, "
        f"{left_out} as left_out, {', '.join(columns)} from {identifier(table)} as sent {' '.join(joins)} "
        "order by sent.extract, sent.source_line"
    )


def _is_looked_up(column: Column, source: Source) -> bool:
    """Tell whether a column's value is found in a list: a choice, an answer, or words that the layout translates."""
    return (
        source.constant is None
        and source.origin is not None
        and (column.type in ("choice", "answer") or bool(source.values))
    )


def _text(recognised: Layout, source: Source, header: Sequence[str]) -> str:
    """Return the SQL of a column's text: trimmed, and null where empty or one of the layout's words for missing."""
    if source.constant is not None:
        return literal(source.constant)
    present = [name for name in source.alternatives if name in header]
    if not present:
        return "null::varchar"
    text = f"nullif({_cell(present[0])}, '')"
    for word in recognised.missing:
        text = f"nullif({text}, {literal(word)})"
    return text


def _lookup_text(recognised: Layout, source: Source, header: Sequence[str]) -> str:
    """Return the SQL of what is looked up: the column's text, or the parts of a written-out answer joined."""
    if source.parts:
        return "concat_ws('|', " + ", ".join(f"coalesce({_cell(part)}, '')" for part in source.parts) + ")"
    return _text(recognised, source, header)


def _cell(name: str) -> str:
    """Return the SQL of a source column, trimmed; the lists that are joined have columns of such names too."""
    return f"trim(sent.{identifier(name)})"


def _found(name: str) -> str:
    """Return what a contract column's list is called where it is joined."""
    return identifier(f"{name}_lookup")


def _key(text: str) -> str:
    """Return the SQL of a value as lists hold it: spaces squeezed, case folded."""
    return f"lower(regexp_replace({text}, '[[:space:]]+', ' ', 'g'))"


def _typed_column(recognised: Layout, name: str, column: Column, source: Source, header: Sequence[str]) -> list[str]:
    text = _lookup_text(recognised, source, header)
    fault = identifier(f"{name}_fault")
    in_list = f"{_found(name)}.list is not null"
    total = _is_total_cell(recognised, source)
    if column.type == "answer":
        return _answer_columns(name, column, source, text, in_list, total)
    value = f"case when {in_list} then {_found(name)}.value end" if _is_looked_up(column, source) else text
    kind = column.typed(name)[name]
    source_value = f"{_found(name)}.source_value" if _is_looked_up(column, source) else "null::varchar"
    if column.type in FORMS:
        form, what = FORMS[column.type]
        form = form % (column.digits - column.decimals, column.decimals) if column.type == "decimal" else form
        typed = f"case when regexp_full_match({value}, {literal(form)}) then try_cast({value} as {kind}) end"
    else:
        what, typed = "not_in_list", value
    empty = "'empty'" if column.required else "null"
    kept = [f"{source_value} as {identifier(f'{name}_source_value')}"] if column.keeps_source_value else []
    if column.symbols:
        kept.append("null::varchar as marker")
    return [
        f"{typed} as {identifier(name)}",
        *kept,
        f"case when {total} then null when {text} is null then {empty} "
        f"when ({typed}) is null then {literal(what)} end as {fault}",
    ]


def _answer_columns(name: str, column: Column, source: Source, text: str, in_list: str, total: str) -> list[str]:
    fault = identifier(f"{name}_fault")
    found = _found(name)
    if source.origin is None:
        return [f"null::varchar as {identifier(part)}" for part in column.typed(name)] + [f"null::varchar as {fault}"]
    # An empty cell is an answer too: missing, in the classification of the column's list.
    empty = f"{text} is null"
    values = {
        "characteristic": f"coalesce({found}.characteristic, {_of_list(source, 'characteristic')})",
        "classification": f"coalesce({found}.classification, {_of_list(source, 'classification')})",
        "category": f"{found}.category",
        "answer_status": f"case when {empty} then 'missing' else {found}.answer_status end",
        "source_value": f"{found}.source_value",
    }
    if column.characteristic:
        names = dict(zip(column.typed(name), ("classification", "category", "answer_status", "source_value"), strict=True))
    else:
        names = {part: part for part in ANSWER}
    return [f"{values[part]} as {identifier(alias)}" for alias, part in names.items()] + [
        f"case when not ({empty}) and not ({in_list}) and not {total} then 'not_in_list' end as {fault}"
    ]


def _of_list(source: Source, part: str) -> str:
    """Return the SQL of the characteristic or classification of a column's list, which an empty cell has too."""
    values = {row[part] for row in reference.source_values() if row["value_list"] == source.value_list}
    return literal(values.pop()) if len(values) == 1 else "null"


def _is_total_cell(recognised: Layout, source: Source) -> str:
    """Return the SQL that says whether a cell is the publisher's word for "all", which is no value."""
    tests = [
        f"coalesce({_cell(name)} = {literal(total.value)}, false)"
        for name, total in recognised.totals.items()
        if name in source.alternatives
    ]
    return "(" + " or ".join(tests or ["false"]) + ")"


def _row_columns(recognised: Layout) -> tuple[str, str, str]:
    """Return the SQL of ``row_role``, ``dimensions`` and ``left_out``."""
    cells = {name: f"coalesce({_cell(name)}, '')" for name in (*recognised.totals_within, *recognised.totals)}
    is_total = (
        " or ".join(f"{cells[name]} = {literal(total.value)}" for name, total in recognised.totals.items()) or "false"
    )
    where = recognised.not_applicable.where if recognised.not_applicable else {}
    says_nothing = " and ".join(f"{_cell(name)} is not distinct from {literal(value)}" for name, value in where.items())
    role = f"case when {says_nothing or 'false'} then 'not_applicable' when {is_total} then 'total' else 'detail' end"
    dimensions = [
        f"nullif({cell}, {literal(recognised.totals[name].value)})" if name in recognised.totals else cell
        for name, cell in cells.items()
    ]
    left_out = [
        f"{cell} in ({', '.join(literal(value) for value in recognised.totals[name].leaves_out)})"
        if name in recognised.totals and recognised.totals[name].leaves_out
        else "false"
        for name, cell in cells.items()
    ]
    return role, f"[{', '.join(dimensions)}]::varchar[]", f"[{', '.join(left_out)}]::boolean[]"


def register_lookups(con: Connection, recognised: Layout, feed: Contract) -> None:
    """Make the table ``lookup``: for each contract column, the values that it may have and what they mean."""
    rows = [
        {"list": name, **entry}
        for name, column in feed.columns.items()
        if _is_looked_up(column, source := recognised.columns.get(name, Source()))
        for entry in _lookup(con, column, source)
    ]
    fields = ("list", "key", "value", "source_value", *ANSWER)
    table = pa.table({name: pa.array([row.get(name) for row in rows], pa.string()) for name in fields})
    con.register("lookup_rows", table)
    con.execute("create or replace temp table lookup as select * from lookup_rows")
    con.unregister("lookup_rows")


def _lookup(con: Connection, column: Column, source: Source) -> Iterable[dict[str, str | None]]:
    if column.type == "answer" and source.parts:
        yield from _written_out_answers(con)
    elif column.type == "answer":
        for row in reference.source_values():
            if row["value_list"] == source.value_list:
                answer = {part: row[part] or None for part in ANSWER}
                yield {"key": folded(row["source_value"]), "source_value": row["source_value"], **answer}
    elif source.values:
        for word, value in source.values.items():
            yield {"key": folded(word), "source_value": word, "value": value}
    else:
        for value in allowed_choices(column):
            yield {"key": folded(value), "source_value": value, "value": value}


def _written_out_answers(con: Connection) -> Iterable[dict[str, str | None]]:
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
