"""The command line: `cherrylane …`. With a worker running, what changes anything is sent to it as a command."""

import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from datetime import datetime
from getpass import getuser
from pathlib import Path
from typing import Annotated, Any

import typer

from store import commands as ask
from store.clock import wall_now
from store.errors import StoreError
from sync.console import REFUSED, fail, give, is_serving, progress, say, screen, settings, store_path, window
from sync.settings import StoreSettings

SQL_SECONDS = 30.0
POLICY = "percent, units, combine, risk, alpha, minimum, maximum: as percent=10,units=2,risk=service_level"
WHAT = "everything, division:D, category:C or sku:S"
DAY = ["%Y-%m-%d"]
app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__, pretty_exceptions_enable=False)


def main() -> None:
    """The console script's entry."""
    app()


@app.command()
def run() -> None:
    """The worker, until SIGTERM."""
    stopping = threading.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):  # before anything is opened: a stop may come at any moment
        signal.signal(sign, lambda *_: stopping.set())
    from store.server import serve, token_for
    from sync.assembly import assemble
    from sync.daemon import EXIT_RESTART, Daemon, keep_utc
    from sync.errors import Fatal, SyncError
    from sync.logs import log_to_stderr

    log_to_stderr()
    keep_utc()
    given = settings()
    try:
        assembled = assemble(given)
        assembled.house.stopping = stopping
        token = token_for(given.store, given.store_token.get_secret_value() if given.store_token else None)
        server = serve(assembled.database, token=token)
    except (StoreError, SyncError) as error:
        fail(str(error), code=REFUSED if isinstance(error, Fatal) else 1)
    daemon = Daemon(assembled.house, assembled.database, server)
    try:
        code = daemon.run()
        if code == EXIT_RESTART:
            # A question still runs inside DuckDB, and closing beneath it may crash; all of ours is written.
            server.withdraw()
            logging.shutdown()
            os._exit(code)
    except StoreError as error:
        fail(str(error), code=REFUSED)
    finally:
        server.close()
        assembled.close()
    if assembled.house.journal.trouble is not None:
        fail(str(assembled.house.journal.trouble), code=REFUSED)
    raise typer.Exit(code)


@app.command()
def once(flows: Annotated[list[str] | None, typer.Argument(help="catalogue, orders, …; none: all")] = None) -> None:
    """Each named flow (or all) exactly once; 0 only if all succeeded."""
    from sync.lanes import FLOWS

    chosen = tuple(flows or FLOWS)
    if unknown := set(chosen) - set(FLOWS):
        fail(f"there is no flow {', '.join(sorted(unknown))}: {', '.join(FLOWS)}", code=2)
    if is_serving():
        give(ask.RunOnce(flows=chosen))
        return
    with_house(lambda assembled: run_all(assembled, chosen))


def run_all(assembled: Any, chosen: tuple[str, ...]) -> None:
    """Start, then each flow; ends with 1 unless all succeeded."""
    from sync.lanes import FLOWS, START, lanes_of, once_each
    from sync.lanes import once as run_once

    ended = {START: run_once(assembled.house, START)}
    if ended[START].is_good:
        ended |= dict(once_each(lanes_of(assembled.house), [name for name in FLOWS if name in chosen]))
    for name, done in ended.items():
        counts = ", ".join(f"{key} {value}" for key, value in done.counts.items() if value)
        say(f"{name:<12} {done.ending}" + (f" ({counts})" if counts else ""))
    if ended[START].is_misdirected:
        raise typer.Exit(REFUSED)
    if not all(done.is_good for done in ended.values()):
        raise typer.Exit(1)


def with_house(work: Callable[[Any], None]) -> None:
    """Open the store ourselves, without a worker."""
    from sync.assembly import assemble
    from sync.errors import SyncError

    try:
        assembled = assemble(settings())
    except (StoreError, SyncError) as error:
        fail(str(error))
    try:
        work(assembled)
    except StoreError as error:
        fail(str(error))
    finally:
        assembled.house.journal.beat(pid=os.getpid(), doing="{}")  # what was seen is as of now
        assembled.close()


@app.command()
def status(*, as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """Flows, exceptions and totals; works with or without a worker."""
    from sync.reporting import show_status, status_of

    try:
        told = status_of(window(), store_path())
    except StoreError as error:
        fail(str(error))
    if as_json:
        sys.stdout.write(json.dumps(told, indent=2) + "\n")
    else:
        show_status(screen, told)


@app.command()
def doctor() -> None:
    """Checks configuration, both systems, the store and the mappings; one line each, saying what to do."""
    from sync.doctor import examine

    findings = examine(window())
    for finding in findings:
        say(f"{'ok ' if finding.is_ok else 'fix'} {finding.what}: {finding.words}")
    if not all(finding.is_ok for finding in findings):
        raise typer.Exit(1)


@app.command()
def resync(
    scopes: Annotated[list[str], typer.Argument(help="stock, stock:SKU, order:ID, orders, shipments, settlement")],
    *,
    since: Annotated[datetime | None, typer.Option(help="read again what changed since (UTC)")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="print the difference and the calls, do nothing")
    ] = False,
) -> None:
    """Look again at part of the business and put right what differs."""
    from datetime import UTC

    from sync.reporting import show_resync

    moment = since.replace(tzinfo=UTC) if since is not None and since.tzinfo is None else since
    commands = [ask.Resync(scope=scope, since=moment, dry_run=dry_run) for scope in scopes]
    if is_serving():
        for command in commands:
            show_resync(screen, give(command, show=False))
        return
    from sync.desk import resync_alone

    def work(assembled: Any) -> None:
        for command in commands:
            answer = resync_alone(assembled.house, assembled.database, command)
            if answer["state"] != "done":
                fail(f"resync {command.scope} {answer['state']}: {answer['message']}")
            show_resync(screen, answer)

    with_house(work)


@app.command()
def preview(
    policy: Annotated[str, typer.Argument(help=POLICY)] = "",
    *,
    of: Annotated[str, typer.Option("--of", help=WHAT)] = "everything",
    from_on: Annotated[datetime | None, typer.Option("--from", formats=DAY, help="its first day")] = None,
    is_end: Annotated[bool, typer.Option("--end", help="what the end of its policy would change")] = False,
) -> None:
    """What a buffer policy would change, on the stock and demand of now; nothing is set."""
    from sync.reporting import show_table
    from sync.trying import changes, preview_of, today_of

    answer = try_out(lambda now: preview_of(policy, of, from_on or today_of(now), is_end=is_end))
    show_table(screen, *changes(window().ask, answer["answer"]["preview_id"]))


@app.command()
def counts(
    file: Annotated[Path, typer.Argument(help="CSV: warehouse, sku, recorded, counted; a row a count")],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="say what would change only")] = False,
) -> None:
    """Set how wrong each warehouse's stock records are, from cycle counts."""
    from sync.counting import record_errors_of

    try:
        give(record_errors_of(file, dry_run=dry_run))
    except ValueError as wrong:
        fail(str(wrong), code=2)


@app.command()
def backtest(
    a: Annotated[str, typer.Argument(help=f"now, or {POLICY}")],
    b: Annotated[str, typer.Argument(help="the policy it is held against")],
    *,
    from_on: Annotated[datetime | None, typer.Option("--from", formats=DAY, help="the first day")] = None,
    until_on: Annotated[
        datetime | None, typer.Option("--until", formats=DAY, help="the day after the last")
    ] = None,
    of: Annotated[str, typer.Option("--of", help=WHAT)] = "everything",
) -> None:
    """What two buffer policies would have come to in our own past (the last six weeks); nothing listed changes."""
    from sync.reporting import show_table
    from sync.trying import back_test_of, sides, today_of

    answer = try_out(lambda now: back_test_of(a, b, from_on, until_on, today_of(now), of=of))
    show_table(screen, *sides(window().ask, wall_now(), answer["answer"]["test_id"]))


def try_out(make: Callable[[datetime], ask.PreviewPolicy | ask.BackTest]) -> dict[str, Any]:
    """Send a trial to the worker, or do its work ourselves, saying how far it is; its answer."""
    from store.reads import heartbeat
    from sync.desk import trial_alone

    def made(now: datetime) -> ask.PreviewPolicy | ask.BackTest:
        try:
            return make(now)
        except ValueError as wrong:
            fail(str(wrong), code=2)

    if is_serving():
        beat = heartbeat(window().ask)
        return give(made(beat.domain_at if beat else wall_now()))
    told: dict[str, Any] = {}

    def work(assembled: Any) -> None:
        command, actor = made(assembled.house.clock.now()), f"cli:{getuser()}"
        told.update(trial_alone(assembled.house, assembled.database, command, actor=actor, tell=progress))

    with_house(work)
    if told["state"] != "done":
        fail(f"{told['state']}: {told['message']}")
    say(told["message"])
    return told


@app.command()
def rebuild(*, check: Annotated[bool, typer.Option("--check", help="compare only, on a copy")] = False) -> None:
    """Fold the journal again, or check that the facts equal it."""
    if is_serving():
        give(ask.Rebuild(check=check))
        return
    from store.database import open_database
    from store.journal import check_rebuild, rebuild_facts

    try:
        with open_database(store_path()) as database:
            found = check_rebuild(database) if check else {}
            count = 0 if check else rebuild_facts(database)
    except StoreError as error:
        fail(str(error))
    if found:
        fail(f"Facts differ from the journal: {found}. Run `cherrylane rebuild`.")
    say("Facts equal the journal." if check else f"{count} events folded again.")


@app.command()
def backup(folder: Path) -> None:
    """A consistent, verified copy of the store in FOLDER, while the worker runs."""
    if is_serving():
        give(ask.Backup(folder=str(folder.absolute())))
        return
    from store.database import backup as make_backup

    try:
        target = make_backup(store_path(), folder.absolute())
    except StoreError as error:
        fail(str(error))
    say(f"Backup made and verified: {target}")


@app.command()
def restore(folder: Path) -> None:
    """Put the newest backup in FOLDER (or the file FOLDER) back; the replaced store is kept aside."""
    from sync.clients.clock import borrowed_clock
    from sync.errors import SyncError
    from sync.restoring import restore_newest

    try:
        with borrowed_clock(StoreSettings().clock) as clock:
            kept = restore_newest(folder, store_path(), clock)
    except (StoreError, SyncError) as error:
        fail(str(error))
    say(f"Restored and verified. The store it replaces: {kept or 'none'}")


@app.command()
def sql(
    question: str,
    *,
    form: Annotated[str, typer.Option("--format", help="table, json or csv")] = "table",
) -> None:
    """A read-only question to the store."""
    if form not in {"table", "json", "csv"}:
        fail(f"there is no format {form!r}: table, json or csv", code=2)
    try:
        frame = window().ask(question, deadline=SQL_SECONDS)
    except StoreError as error:
        fail(str(error))
    if form == "json":
        sys.stdout.write(json.dumps(frame.to_dicts(), default=str, indent=2) + "\n")
    elif form == "csv":
        sys.stdout.write(frame.write_csv())
    else:
        from sync.reporting import show_table

        show_table(screen, frame.columns, [[str(value) for value in row] for row in frame.rows()])


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []})
def sandbox(context: typer.Context) -> None:
    """The two pretend systems on local ports (`cherrylane sandbox --help`)."""
    from sync.sandbox.__main__ import main as sandbox_main

    raise typer.Exit(sandbox_main(context.args))


@app.command()
def demo(
    *,
    seed: int = 1,
    days: int = 45,
    skus: int = 400,
    port: int = 8501,
    fresh: Annotated[bool, typer.Option("--fresh", help="forget the last demo")] = False,
) -> None:
    """Sandbox, worker and dashboard together, with a history to look at."""
    from sync.demo import play

    raise typer.Exit(play(seed=seed, days=days, skus=skus, port=port, fresh=fresh, started_at=wall_now()))


if __name__ == "__main__":
    main()
