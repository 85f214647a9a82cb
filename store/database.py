"""Opens the store: brings its schema up to date, installs its SQL, locks DuckDB down.

DuckDB lets one process write or many read, never both; the file lock is what guarantees one worker.
Laws: a store is migrated before anybody reads it, in one transaction, after a backup, and never backwards;
views and macros are made anew at each opening, and so are facts whose files changed: they are always those of this
program; after set-up nothing can reach files outside the backup folder or change a setting.
"""

import contextlib
import importlib.resources
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import duckdb
import polars as pl

from store import copies, recovery
from store.errors import QuestionFailed, StoreDamaged, StoreMissing
from store.folding import make_facts
from store.guard import GUARD
from store.holding import take
from store.literals import bound, check_names, literal
from store.recovery import refuse_newer

SQL = Path(__file__).parent / "sql"

# The order of installation: the facts, the flows' views, then the few that look across.
# Every file in sql/ is named here (a test sees to it).
FACTS: tuple[str, ...] = (
    "orders", "order_lines", "order_holds", "order_edits", "sales_orders", "sales_lines", "intents",
    "scheduled_orders",
    "shipments", "cartons", "shipment_holds", "order_counts", "skus", "offers", "stock_batches", "batch_readings",
    "batch_verdicts", "batch_agreements",
    "stock", "stock_terms", "stock_places", "buffer_policies", "orphan_releases", "published", "imports",
    "stock_audits",
    "comparisons", "demand", "trades", "risk_windows", "stock_risk", "risk_grids", "risk_outcomes", "risk_foretold",
    "risk_proofs", "work_orders", "policy_previews",
    "batch_recalls", "back_tests", "back_test_weeks", "back_test_tenths", "transactions", "payouts", "invoices",
    "marketplace", "mappings", "runs", "commands", "exceptions", "exception_handling",
    "clocks", "unread", "alerts", "alert_ends", "alert_causes",
    "sales_firsts", "addresses_kept", "sent_orders", "drift_answers", "cancelation_asks", "market_returns",
    "erp_returns", "credit_memos", "refunds", "acceptance_decisions", "return_decisions", "absence_words",
    "missed_creations",
)  # fmt: skip
VIEWS: tuple[str, ...] = (
    "mappings", "status_words",
    "orders_unsent_lines", "lines_elsewhere",
    "orders", "order_lines", "order_misfits", "order_edits", "order_timeline", "order_hours", "inflight_lines",
    "refused_quantities", "listed_at_none", "offer_readings",
    "expected_shown", "unproven_skus", "sku_names", "narrowed_skus", "scheduled_units", "stock_nets",
    "stock_standing", "inventory",
    "publications", "batches", "buffer_policies", "comparisons", "batches_shown", "batch_lags", "sending_lags",
    "pool_moves",
    "sales_rates", "trading_hours", "weighed_offers", "stock_risk", "stock_choices", "stock_share", "stock_window",
    "risk_grid", "buffer_spending", "risk_proof", "risk_reliability", "risk_calibration", "work_orders",
    "policy_previews", "policy_preview_changes", "back_tests",
    "back_test_weeks", "back_test_reliability", "stock_audit", "stock_history", "stock_inflight", "stock_walk",
    "stock_aside", "dispatch",
    "settlement", "ledger", "profit", "runs", "api_budget", "held_orders", "unmapped",
    "demand_events", "sku_demand_events", "mapping_things", "mapping_uses",
    "command_results", "order_commands",
    "orders_open_lines", "lines_taken_out", "erp_rests", "orders_other_content", "near_skus",
    "orders_cancelled_lines", "orders_unreferenced",
    "orders_skipped", "orders_acceptance", "order_places", "order_counts", "counted_since", "order_documents",
    "order_money", "order_systems", "order_search", "order_funnel",
    "drifting_orders", "lines_abroad", "lines_paid_back", "cancelations_passed_on", "drifting_sales",
    "drifting_sales_lines", "lines_meant", "sales_sent", "sales_meant", "drift_lines", "drift_headers",
    "drift_numbers", "drift", "order_returns", "returns_withdrawn", "unclear_in_erp",
    "exception_kinds", "conditions_orders", "conditions_counts", "conditions_drift", "conditions_returns",
    "conditions_dispatch", "conditions_batches", "conditions_stock", "conditions_money", "conditions_house",
    "conditions_systems", "conditions_mappings", "conditions_unread", "alert_told", "alert_routes",
    "conditions_alerts",
    "conditions", "exceptions", "causes", "exception_history", "exception_evidence", "exception_records", "flows",
    "stock_totals", "money_totals", "today", "touched_skus",
)  # fmt: skip

# What one store may take of its machine. A query over the wire cannot be cancelled, so it must be bounded.
MEMORY_LIMIT = "4GB"
THREADS = 2
# DuckDB hashes the 55 MB of the two extensions each time it loads them, to check who signed them.
CHECKS_SIGNATURES = True
SPILL_LIMIT = "20GB"

_SECTION = re.compile(r"^-- :(\w+)\s*$", re.MULTILINE)


class Ask(Protocol):
    """A way to put a question to the store: SQL with `$name` placeholders, and their values."""

    def __call__(self, sql: str, values: Mapping[str, object] | None = None) -> pl.DataFrame: ...


@dataclass(frozen=True, slots=True)
class Schema:
    """The SQL to install: where it lies and in which order."""

    folder: Path = SQL
    facts: tuple[str, ...] = FACTS
    views: tuple[str, ...] = VIEWS

    def steps(self) -> list[tuple[int, Path]]:
        """The numbered changes, in order."""
        return sorted((int(file.name[:3]), file) for file in (self.folder / "steps").glob("[0-9][0-9][0-9]_*.sql"))

    @property
    def number(self) -> int:
        """The step this program's schema is at."""
        return max((number for number, _ in self.steps()), default=0)

    def sections(self, fact: str) -> dict[str, str]:
        """The parts of a fact's file by name: `table` makes it, `fold` merges `fresh` into it."""
        parts = _SECTION.split((self.folder / "facts" / f"{fact}.sql").read_text())
        return {name: text.strip() for name, text in zip(parts[1::2], parts[2::2], strict=True)}


@dataclass(slots=True)
class Database:
    """The store's file, held open by this process."""

    path: Path
    read_only: bool
    schema_number: int
    _connection: duckdb.DuckDBPyConnection

    def connect(self) -> duckdb.DuckDBPyConnection:
        """A connection of its own, with its own transaction and temp tables, to the same open file."""
        return self._connection.cursor()

    def copy_to(self, target: Path) -> copies.Manifest:
        """A consistent copy of the store as it is at this moment, checked and synced to disk."""
        with contextlib.closing(self.connect()) as connection:
            catalog = copies.catalog_of(connection)
            return copies.make_copy(connection, catalog, backups_of(self.path), target, self.schema_number)

    def close(self) -> None:
        """Give the file free. Cursors still open keep it held."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, trouble: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


# The program's own files do not change beneath it: they are read once, however many stores a process opens.
@cache
def parts_of(schema: Schema) -> Mapping[str, Mapping[str, str]]:
    """The parts of each fact's file, by fact."""
    return {fact: schema.sections(fact) for fact in schema.facts}


@cache
def _mark_of(schema: Schema) -> str:
    """The same for those who install the same, and for nobody else."""
    files = [schema.folder / "tables.sql", *(schema.folder / "facts" / f"{fact}.sql" for fact in schema.facts)]
    files += [file for _, file in schema.steps()] + [schema.folder / f"{view}.sql" for view in schema.views]
    return sha256("\n".join([duckdb.__version__, *(file.read_text() for file in files)]).encode()).hexdigest()[:16]


def backups_of(path: Path) -> Path:
    """The one folder beside the store that DuckDB may write copies to."""
    return path.absolute().parent / f"{path.name}.backups"


def open_database(
    path: Path,
    *,
    read_only: bool = False,
    wait_seconds: float = 30.0,
    serves: bool = True,
    schema: Schema | None = None,
) -> Database:
    """Open the store, made or brought up to date if need be.

    Only a store opened with `serves` can be served: it loads 55 MB of extensions, and cannot do so later.

    Raises StoreLocked if another process holds it for longer than `wait_seconds`, StoreNewer for a file from
    a later version, StoreMissing (only when reading), StoreDamaged for a file that is no store of ours, and
    StoreUnwritable if the disk does not take what its opening needs.
    """
    path, schema = path.absolute(), schema or Schema()
    if read_only and not path.exists():
        raise StoreMissing(f"There is no store at {path} yet. Start the worker once: `cherrylane run`.")
    with copies.writing(f"The store {path} was not opened"):
        if not read_only:
            path.parent.mkdir(parents=True, exist_ok=True)
            backups_of(path).mkdir(mode=0o700, exist_ok=True)
        connection = take(path, read_only=read_only, wait_seconds=wait_seconds, checks_signatures=CHECKS_SIGNATURES)
    try:
        _settle_in(connection, path, serves=serves and not read_only)
        number = _known_number(connection, path, schema)
        if not read_only:
            with copies.writing(f"The store {path} was not brought up to date"):
                number = _bring_up_to_date(connection, path, schema, number)
        number = number or _still_made(path)
        _lock_down(connection)
    except BaseException:
        connection.close()
        raise
    return Database(path, read_only, number, connection)


def local_ask(database: Database) -> Ask:
    """The worker's own way to ask: the same statements as over the wire, with the values bound."""

    def ask(sql: str, values: Mapping[str, object] | None = None) -> pl.DataFrame:
        with contextlib.closing(database.connect()) as connection:
            return run_bound(connection, sql, values or {})

    return ask


def run_bound(connection: duckdb.DuckDBPyConnection, sql: str, values: Mapping[str, object]) -> pl.DataFrame:
    """Ask on this connection. Raises QuestionFailed; ValueError or TypeError for values that do not fit."""
    check_names(sql, values)
    try:
        return connection.execute(sql, bound(values)).pl()
    except duckdb.Error as trouble:
        raise QuestionFailed(str(trouble)) from trouble


def sections(fact: str) -> dict[str, str]:
    """The parts of one fact's file: `table` and `fold`."""
    return dict(parts_of(Schema())[fact])


def backup(source: Database | Path, folder: Path) -> Path:
    """A verified copy of the store in this folder, named by its moment; the worker may go on writing."""
    if isinstance(source, Path):
        with open_database(source, wait_seconds=0, serves=False) as database:
            return backup(database, folder)
    target = folder / f"{source.path.stem}-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}.duckdb"
    source.copy_to(target)
    return target


def restore(source: Path, path: Path, *, schema: Schema | None = None) -> Path | None:
    """Put a verified backup (or the newest in a folder) in the store's place; the replaced file is kept.

    Returns where the replaced store now lies. Raises StoreDamaged, StoreNewer, StoreUnwritable, or StoreLocked
    while any process holds the store; then the present store is as it was.
    """
    source = copies.newest_backup(source) if source.is_dir() else source
    return recovery.put_back(source, path.absolute(), (schema or Schema()).number)


def _settle_in(connection: duckdb.DuckDBPyConnection, path: Path, *, serves: bool) -> None:
    """Limits, time zone, and (for whoever may serve) the extensions, from their wheels."""
    if serves:
        load_extensions(connection)
        connection.execute(f"set global quack_authorization_function = '{GUARD}'")
    limit(connection, path)
    connection.execute(
        "set global python_enable_replacements = false;"
        " set global autoinstall_known_extensions = false; set global autoload_known_extensions = false;"
        f" set global allowed_directories = [{literal(str(backups_of(path)))}];"
    )


def limit(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """What one store may take of its machine, and the zone its moments are in."""
    connection.execute(
        # one serves sorts of millions of rows, and is a quarter of planning a question of many views; the other
        # shares equal parts of a plan, but loses rows of views within others, or fails on them (DuckDB 1.5.5)
        "set global TimeZone = 'UTC';"
        " set global disabled_optimizers = 'compressed_materialization,common_subplan';"
        f" set global memory_limit = '{MEMORY_LIMIT}'; set global threads = {THREADS};"
        f" set global temp_directory = {literal(f'{path}.tmp')};"
        f" set global max_temp_directory_size = '{SPILL_LIMIT}';"
    )


def _lock_down(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("set global enable_external_access = false; set global lock_configuration = true")


def load_extensions(connection: duckdb.DuckDBPyConnection) -> None:
    """Load httpfs, then quack, from the wheels' files; nothing is fetched."""
    for name in ("httpfs", "quack"):
        wheel = importlib.resources.files(f"duckdb_extension_{name}")
        file = wheel / "extensions" / f"v{duckdb.__version__}" / f"{name}.duckdb_extension"
        connection.execute(f"load {literal(str(file))}")


def _known_number(connection: duckdb.DuckDBPyConnection, path: Path, schema: Schema) -> int | None:
    """The step the file is at; None: a new file. Raises StoreNewer and StoreDamaged."""
    number = copies.number_of(connection)
    if number is None and copies.shape(connection, copies.catalog_of(connection)):
        raise StoreDamaged(f"{path} is a DuckDB file, but no store of Cherrylane.")
    refuse_newer(path, number or 0, schema.number)
    return number


def _still_made(path: Path) -> int:
    raise StoreMissing(f"The store at {path} is still being made. Wait for the worker to finish starting.")


def _bring_up_to_date(connection: duckdb.DuckDBPyConnection, path: Path, schema: Schema, number: int | None) -> int:
    """Apply the missing steps, after a backup; make tables, facts, views and macros; all or nothing."""
    missing = [(step, file) for step, file in schema.steps() if step > (number or 0)]
    if number is not None and missing:
        kept = backups_of(path) / f"before-step-{missing[-1][0]:03}-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}.duckdb"
        copies.make_copy(connection, copies.catalog_of(connection), kept.parent, kept, number)
    with copies.transaction(connection):
        for step, file in missing:
            if number is not None:  # a new file begins with the present tables
                connection.execute(file.read_text())
                connection.execute("insert into schema_steps (number, name) values (?, ?)", [step, file.stem])
        connection.execute((schema.folder / "tables.sql").read_text())
        make_facts(connection, parts_of(schema))
        if number is None:
            rows = [(step, file.stem) for step, file in missing]
            connection.executemany("insert into schema_steps (number, name) values (?, ?)", rows)
        _make_views(connection, schema)
    return schema.number


def _make_views(connection: duckdb.DuckDBPyConnection, schema: Schema) -> None:
    """Make every view and macro anew, unless they and all they may stand on were made by this very program."""
    mark = _mark_of(schema)
    made = connection.execute(
        "select comment from duckdb_tables()"
        " where database_name = current_database() and table_name = 'schema_steps'"
    ).fetchone()
    if made is not None and made[0] == mark:
        return
    _forget_views(connection)
    for view in schema.views:
        connection.execute((schema.folder / f"{view}.sql").read_text())
    connection.execute(f"comment on table schema_steps is {literal(mark)}")


def _forget_views(connection: duckdb.DuckDBPyConnection) -> None:
    """Drop every view and macro: one that is no longer ours would break the copies."""
    drops = connection.execute(
        "select distinct 'drop view ' || '\"' || replace(view_name, '\"', '\"\"') || '\"' from duckdb_views()"
        " where not internal and database_name = current_database() union all"
        " select distinct 'drop macro ' || if(function_type = 'table_macro', 'table ', '')"
        " || '\"' || replace(function_name, '\"', '\"\"') || '\"' from duckdb_functions()"
        " where not internal and function_type in ('macro', 'table_macro')"
        " and database_name = current_database()"
    ).fetchall()
    for (drop,) in drops:
        connection.execute(drop)
