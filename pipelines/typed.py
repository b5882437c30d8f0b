"""From a sender's text to the contract's types: the SELECT that a layout and a contract make of a file.

Lists decide what a value means (``lookup.py``); a form (a regular expression) decides whether a text is a date or a
number, because a cast alone would round 1.555 in silence.
"""

from collections.abc import Sequence

from pipelines.contract import ANSWER, Column, Contract
from pipelines.database import identifier, literal
from pipelines.layout import Layout, LongPercentages, Source, Wide
from pipelines.lookup import is_looked_up, list_part

FORMS = {
    "boolean": ("(?i)yes|no", "not_yes_or_no"),
    "count": ("[0-9]{1,15}([.]0+)?", "not_a_whole_number"),
    "decimal": ("[0-9]{1,%d}([.][0-9]{1,%d})?", "not_a_number"),
}
# How a date may be spelt, and DuckDB's name for it.
DATES = {
    "YYYY-MM-DD": ("[0-9]{4}-[0-9]{2}-[0-9]{2}", "%Y-%m-%d"),
    "DD/MM/YYYY": ("[0-9]{2}/[0-9]{2}/[0-9]{4}", "%d/%m/%Y"),
    "DD-MON-YYYY": ("[0-9]{2}-[A-Za-z]{3}-[0-9]{4}", "%d-%b-%Y"),
}
# A number with a comma for its point; 1,234 may be another one, with a separator for thousands.
DECIMAL_COMMA = "0,[0-9]+|[0-9]+,([0-9]{1,2}|[0-9]{4,})"
# Digits in groups of three, with a separator that stands for the layout's.
GROUPED = "[0-9]{1,3}(%s[0-9]{3})+([.][0-9]+)?"


def typed_query(recognised: Layout, feed: Contract, header: Sequence[str], table: str, own: frozenset[str]) -> str:
    """Return the SELECT that turns rows of text into the typed table of a feed; one or more rows per row of text.

    ``table``, called ``sent`` in the SQL, has the columns ``extract``, ``source_line`` and ``sidecar_…``, then those of
    ``header``. ``own`` names the contract columns that organisations have mappings of their own for.

    Shape: ``extract``, ``source_line``; ``row_role`` (detail; total, which checks its parts; percentage, which checks
    the detail row of its answer; not_applicable, which says nothing); ``dimensions`` (a total's and its parts' places
    in the publisher's table, null standing for "all"), ``left_out`` (where a part stays out of such an "all"), ``word``
    and ``part_words`` (a subtotal's parts by their words); the contract's typed columns; ``<column>_fault`` for each
    contract column.
    """
    there = recognised.read_header(header)
    columns: list[str] = []
    joins: list[str] = []
    for name, column in feed.columns.items():
        source = _source(recognised, name)
        columns += _typed_column(recognised, name, column, source, there, name in own)
        if is_looked_up(column, source):
            found = key(_lookup_text(recognised, source, there))
            joins.append(
                f"left join lookup as {_found(name)} on {_found(name)}.list = {literal(name)} "
                f"and {_found(name)}.org_code = '' and {_found(name)}.key = {found}"
            )
            if name in own:
                org_code = _text(recognised, _source(recognised, "org_code"), there)
                joins.append(
                    f"left join lookup as {_own(name)} on {_own(name)}.list = {literal(name)} "
                    f"and {_own(name)}.org_code = {org_code} and {_own(name)}.key = {found}"
                )
    return (
        f"select sent.extract, sent.source_line, {_row_columns(recognised)}, {', '.join(columns)} "
        f"from {_sent(recognised, header, table)} as sent {' '.join(joins)} "
        "order by sent.extract, sent.source_line, sent.part_number"
    )


def _source(recognised: Layout, name: str) -> Source:
    """Return where a contract column comes from; percentages told apart by an ending have a made column."""
    if name == "percentage" and name not in recognised.columns and recognised.long_percentages:
        return Source.model_validate({"from": recognised.long_percentages.into})
    return recognised.columns.get(name, Source())


def _sent(recognised: Layout, header: Sequence[str], table: str) -> str:
    """Return the SQL of the rows as sent, each with its number within its line: a wide line is several rows."""
    if recognised.wide:
        return _lengthened(recognised.wide, header, table)
    if recognised.long_percentages:
        return _split(recognised.long_percentages, table)
    return f"(select *, 1 as part_number, 'count' as melted_role from {identifier(table)})"


def _lengthened(wide: Wide, header: Sequence[str], table: str) -> str:
    parts = [(word, identifier(name), "null", "count") for name, word in wide.words(header).items()]
    parts += [
        (wide.percentages[name], "null", identifier(name), "percentage") for name in header if name in wide.percentages
    ]
    words, values, shares, roles = zip(*parts, strict=True)
    made = {
        wide.into: [literal(word) for word in words],
        wide.value: values,
        **({wide.percentage: shares} if wide.percentage else {}),
        "melted_role": [literal(role) for role in roles],
        "part_number": [str(number) for number in range(len(parts))],
    }
    lists = ", ".join(f"unnest([{', '.join(cells)}]) as {identifier(name)}" for name, cells in made.items())
    return f"(select *, {lists} from {identifier(table)})"


def _split(long: LongPercentages, table: str) -> str:
    """Return the SQL of numbers and percentages in columns of their own; another ending stays in its word."""
    word, value = identifier(long.column), identifier(long.value)
    is_share = f"coalesce(trim({word}) like {literal('%' + _like(long.percentage))} escape '!', false)"
    is_count = f"coalesce(trim({word}) like {literal('%' + _like(long.number))} escape '!', false)"
    ending = f"case when {is_share} then {len(long.percentage)} when {is_count} then {len(long.number)} else 0 end"
    return (
        f"(select * replace (trim(left(trim({word}), length(trim({word})) - {ending})) as {word}, "
        f"if({is_share}, null, {value}) as {value}), if({is_share}, {value}, null) as {identifier(long.into)}, "
        f"if({is_share}, 'percentage', 'count') as melted_role, 1 as part_number from {identifier(table)})"
    )


def _like(text: str) -> str:
    """Return a text for LIKE with the escape character ``!``."""
    return "".join(f"!{letter}" if letter in "!%_" else letter for letter in text)


def _text(recognised: Layout, source: Source, there: Sequence[str]) -> str:
    """Return the SQL of a column's text: trimmed, and null where empty or one of the layout's words for missing."""
    if source.constant is not None:
        return literal(source.constant)
    present = source.first_of or tuple(name for name in source.alternatives if name in there)[:1]
    if not present:
        return f"sent.sidecar_{source.sidecar}" if source.sidecar else "null::varchar"
    text = "coalesce(" + ", ".join(_given(recognised, name) for name in present) + ")"
    if source.part:
        separator = literal(source.part.of)
        part = f"nullif(trim(split_part({text}, {separator}, {source.part.number})), '')"
        text = f"if(contains({text}, {separator}), {part}, {text})"
    return text


def _given(recognised: Layout, name: str) -> str:
    text = f"nullif({_cell(name)}, '')"
    for word in recognised.missing:
        text = f"nullif({text}, {literal(word)})"
    return text


def _lookup_text(recognised: Layout, source: Source, there: Sequence[str]) -> str:
    """Return the SQL of what is looked up: the column's text, or the parts of a written-out answer joined."""
    if source.parts:
        return "concat_ws('|', " + ", ".join(f"coalesce({_cell(part)}, '')" for part in source.parts) + ")"
    return _text(recognised, source, there)


def _cell(name: str) -> str:
    """Return the SQL of a source column, trimmed; the lists that are joined have columns of such names too."""
    return trimmed(f"sent.{identifier(name)}")


def trimmed(text: str) -> str:
    """Return the SQL of a text without blanks at its ends: DuckDB's trim takes Unicode's spaces, and leaves tabs."""
    return f"trim(if(contains({text}, chr(9)), replace({text}, chr(9), ' '), {text}))"


def _found(name: str) -> str:
    """Return what a contract column's list is called where it is joined."""
    return identifier(f"{name}_lookup")


def _own(name: str) -> str:
    """Return what an organisation's own list is called where it is joined."""
    return identifier(f"{name}_own_lookup")


def key(text: str) -> str:
    """Return the SQL of a value as lists hold it (``layout.folded``): every kind of space squeezed, case folded."""
    squeezed = f"trim(regexp_replace({text}, '[\\s\\p{{Z}}]+', ' ', 'g'))"
    # A regular expression is dear, and few texts need one: only those with a space that isn't one ASCII blank alone.
    is_plain = (
        f"strlen({text}) = length({text}) and not contains({text}, '  ') and not regexp_matches({text}, '[\\t-\\r]')"
    )
    return f"lower(if({is_plain}, {text}, {squeezed}))"


def _looked_up(name: str, field: str, has_own: bool) -> str:
    """Return the SQL of what a list says: the organisation's own before everybody's."""
    if not has_own:
        return f"{_found(name)}.{field}"
    return f"if({_own(name)}.list is not null, {_own(name)}.{field}, {_found(name)}.{field})"


def _typed_column(
    recognised: Layout, name: str, column: Column, source: Source, there: Sequence[str], has_own: bool
) -> list[str]:
    text = _lookup_text(recognised, source, there)
    fault = identifier(f"{name}_fault")
    is_total = _is_total_cell(recognised, source)
    looked_up = is_looked_up(column, source)
    rejection = _looked_up(name, "rejection", has_own) if looked_up else "null"
    if column.type == "answer":
        return _answer_columns(name, column, source, text, is_total, has_own)
    value = _looked_up(name, "value", has_own) if looked_up else text
    kept = []
    if column.keeps_source_value:
        source_value = _looked_up(name, "source_value", has_own) if looked_up else "null::varchar"
        kept.append(f"{source_value} as {identifier(f'{name}_source_value')}")
    is_symbol = "false"
    if column.symbols:
        marker = _marker(recognised, text)
        is_symbol = f"({marker}) is not null"
        kept.append(f"{marker} as marker")
    if name == "percentage":
        is_symbol = f"({_marker(recognised, text)}) is not null"
    typed, what = _typed_text(recognised, name, column, value)
    empty = "'empty'" if column.required else "null"
    of_role = "sent.melted_role = 'count' and " if column.symbols else ""
    return [
        f"{typed} as {identifier(name)}",
        *kept,
        f"case when {is_total} or {is_symbol} then null when {of_role}{text} is null then {empty} "
        f"when {text} is not null and ({typed}) is null then coalesce({rejection}, {what}) end as {fault}",
    ]


def _typed_text(recognised: Layout, name: str, column: Column, text: str) -> tuple[str, str]:
    """Return the SQL of a text as the contract's type, null where it hasn't its form, and that of the fault's kind."""
    kind = column.typed(name)[name]
    if column.type == "date":
        spelt = [
            f"when regexp_full_match({text}, {literal(form)}) then try_strptime({text}, {literal(code)})::date"
            for form, code in (DATES[spelling] for spelling in recognised.dates)
        ]
        return f"case {' '.join(spelt)} end", literal("not_a_date")
    if column.type in FORMS:
        form, what = FORMS[column.type]
        fault = literal(what)
        if column.type == "decimal":
            fault = f"if(regexp_full_match({text}, {literal(DECIMAL_COMMA)}), 'decimal_comma', {fault})"
        form = form % (column.digits - column.decimals, column.decimals) if column.type == "decimal" else form
        separator = recognised.numbers.thousands
        if separator and column.type in ("count", "decimal"):
            grouped = literal(GROUPED % separator)
            if separator == " ":
                text = f"regexp_replace({text}, '\\p{{Zs}}', ' ', 'g')"
            text = f"if(regexp_full_match({text}, {grouped}), replace({text}, {literal(separator)}, ''), {text})"
        return f"case when regexp_full_match({text}, {literal(form)}) then try_cast({text} as {kind}) end", fault
    return text, literal("not_in_list")


def _marker(recognised: Layout, text: str) -> str:
    """Return the SQL of the marker that a publisher's symbol stands for, null where the cell is none."""
    words = [
        f"when lower({text}) = {literal(word.lower())} then {literal(marker)}"
        for word, marker in recognised.symbols.items()
    ]
    return f"case {' '.join(words)} end" if words else "null::varchar"


def _answer_columns(name: str, column: Column, source: Source, text: str, is_total: str, has_own: bool) -> list[str]:
    fault = identifier(f"{name}_fault")
    if source.origin is None:
        return [f"null::varchar as {identifier(part)}" for part in column.typed(name)] + [f"null::varchar as {fault}"]
    # An empty cell of a person's row is an answer too: missing, in the classification of the column's list. A row of
    # counts without the group that it counts says nothing.
    empty = f"{text} is null"
    found = {part: _looked_up(name, part, has_own) for part in (*ANSWER, "source_value", "rejection")}
    values = found | {
        "characteristic": f"coalesce({found['characteristic']}, {list_part(source, 'characteristic')})",
        "classification": f"coalesce({found['classification']}, {list_part(source, 'classification')})",
        "answer_status": f"case when {empty} then 'missing' else {found['answer_status']} end",
    }
    if column.characteristic:
        names = dict(zip(column.typed(name), (*ANSWER[1:], "source_value"), strict=True))
    else:
        names = {part: part for part in ANSWER}
    return [f"{values[part]} as {identifier(alias)}" for alias, part in names.items()] + [
        f"case when {is_total} then null when {empty} then {'null' if column.characteristic else literal('empty')} "
        f"when {found['answer_status']} is null then coalesce({found['rejection']}, 'not_in_list') end as {fault}"
    ]


def _total_words(recognised: Layout) -> dict[str, list[str]]:
    """Return for each column its words for a total or subtotal."""
    words = {name: [total.value] for name, total in recognised.totals.items()}
    if recognised.subtotals:
        words.setdefault(recognised.subtotals.column, []).extend(recognised.subtotals.parts)
    return words


def _is_total_cell(recognised: Layout, source: Source) -> str:
    """Return the SQL that says whether a cell is the publisher's word for a total, which is no value."""
    tests = [_in(name, words) for name, words in _total_words(recognised).items() if name in source.alternatives]
    return "(" + " or ".join(tests or ["false"]) + ")"


def _in(name: str, words: Sequence[str]) -> str:
    return f"coalesce({_cell(name)} in ({', '.join(map(literal, words))}), false)"


def _row_columns(recognised: Layout) -> str:
    """Return the SQL of ``row_role``, ``dimensions``, ``left_out``, ``word`` and ``part_words``."""
    totals = _total_words(recognised)
    cells = {name: f"coalesce({_cell(name)}, '')" for name in (*recognised.totals_within, *totals)}
    is_total = " or ".join(_in(name, words) for name, words in totals.items()) or "false"
    where = recognised.not_applicable.where if recognised.not_applicable else {}
    says_nothing = " and ".join(f"{_cell(name)} is not distinct from {literal(value)}" for name, value in where.items())
    role = (
        f"case when {says_nothing or 'false'} then 'not_applicable' when sent.melted_role = 'percentage' "
        f"then 'percentage' when {is_total} then 'total' else 'detail' end"
    )
    dimensions = [
        f"if({_in(name, totals[name])}, null, {cell})" if name in totals else cell for name, cell in cells.items()
    ]
    left_out = [
        f"{cell} in ({', '.join(literal(value) for value in recognised.totals[name].leaves_out)})"
        if name in recognised.totals and recognised.totals[name].leaves_out
        else "false"
        for name, cell in cells.items()
    ]
    subtotals = recognised.subtotals
    word, parts = "null::varchar", "null::varchar[]"
    if subtotals:
        word = _cell(subtotals.column)
        lists = " ".join(
            f"when {literal(whole)} then [{', '.join(map(literal, words))}]" for whole, words in subtotals.parts.items()
        )
        parts = f"case {word} {lists} end"
    return (
        f"{role} as row_role, [{', '.join(dimensions)}]::varchar[] as dimensions, "
        f"[{', '.join(left_out)}]::boolean[] as left_out, {word} as word, {parts} as part_words"
    )
