"""What may be said to the store over the wire: a list of what is allowed, never of what is forbidden alone.

Quack calls one macro with the text of every statement. It lets in (a) one reading statement whose table
functions are our own read models or `unnest`, and (b) one exact form of insert into the inbox of commands.
DuckDB's own parser reads the statement (`json_serialize_sql` refuses whatever is not a select); asking only
whether it parses is not enough, for `select * from quack_stop(…)` is a select too.
"""

import re
from collections.abc import Iterable

from store.literals import literal

GUARD = "cherrylane_may_run"

# Functions that begin like these reach beyond the rows of the store, or change something in it.
REACHING = (
    "quack_", "pragma_", "duckdb_", "nextval", "currval", "checkpoint", "force_", "read_", "glob", "sniff",
    "query", "json_execute", "json_serialize", "json_deserialize", "enable_", "disable_", "truncate_",
    "write_", "parquet_", "import_", "export_", "copy_", "add_parquet", "arrow_", "pandas_", "python_",
    "seq_scan", "test_", "sleep", "pg_", "setseed", "set_config", "getenv", "getvariable", "current_setting",
    "which_secret", "whoami", "__internal", "verify_", GUARD,
)  # fmt: skip

# These make one value as large as they are told. DuckDB's memory limit counts rows, not single values (tried:
# `unnest(range(500000000))` took 20 GB), so that a short question could end the worker.
SWELLING = ("range", "generate_series", "repeat", "list_resize", "array_resize", "lpad", "rpad", "bitstring")

# Views of DuckDB's own, which tell of the whole process.
INWARD = ("quack_", "pragma_", "duckdb_", "pg_", "sqlite_")

# The column's type sees to it that the id is one.
_COMMAND = r"(?s)insert into commands\(id, body\) values \('[0-9a-f-]{36}', '(?:[^']|'')*'\)"

# Looked for in the text of the parsed statement. What a person wrote stands in it as JSON text, its quotes behind
# a backslash, so it can look like none of these; a name can only make the guard stricter.
_FORBIDDEN = "|".join(
    [
        '"type":"(?:show_ref|recursive_cte_node)"',
        f'"function_name":"(?:{"|".join((*REACHING, *SWELLING))})',
        f'"table_name":"(?:{"|".join(INWARD)})',
        r'"table_name":"(?:[^"\\]|\\.)*[/.:]',
        '"catalog(?:_name)?":"[^"]',
    ]
)


def guard_sql(read_models: Iterable[str]) -> str:
    """The authorization macro that lets in questions to these table macros, plain tables, and commands."""
    names = "|".join(sorted({"unnest", *(re.escape(name.lower()) for name in read_models)}))
    allowed = literal(rf"\[(?:(?:{names})(?:, |\]$))*\]?")
    # A lambda hands the parsed statement on, so that it is parsed once; a subquery would cost more than the rest.
    return f"""
create or replace macro {GUARD}(session_id, statement) as (
    case when starts_with(cast(statement as varchar), 'insert')
    then regexp_full_match(cast(statement as varchar), {literal(_COMMAND)})
    else coalesce(list_transform([lower(cast(json_serialize_sql(cast(statement as varchar)) as varchar))],
        lambda tree:
        starts_with(tree, '{{"error":false,')
        and json_array_length(tree, '$.statements') = 1
        and not regexp_matches(tree, {literal(_FORBIDDEN)})
        and len(regexp_extract_all(tree, '"type":"table_function"'))
            = len(json_extract_string(tree, '$..function.function_name'))
        and regexp_full_match(
            cast(json_extract_string(tree, '$..function.function_name') as varchar),
            {allowed})
        and len(regexp_extract_all(tree, '"schema(?:_name)?":"'))
            = len(regexp_extract_all(tree, '"schema(?:_name)?":"(?:main|information_schema)?"'))
    )[1], false) end
)
"""
