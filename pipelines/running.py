"""Run the Dagster job in this process, for the command line."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.client_lock import held
from pipelines.dead_runs import fail_dead_runs
from pipelines.errors import InputError
from pipelines.instance import prepare_home
from pipelines.progress import LOGGER
from pipelines.repricing import SIMULATED, Repricing, day_of, next_rating_year
from pipelines.settings import settings
from pipelines.simulated import make_portfolio

if TYPE_CHECKING:
    from pipelines.pricing.workflow import Desk, Standing


@dataclass
class Outcome:
    """Whether the job held, and what to tell the user."""

    success: bool
    lines: list[str] = field(default_factory=list)


def run_job(delivery: Path | None, mapping: Path | None, rating_year: int, valuation_date: str) -> Outcome:
    """Run `annual_repricing` on a delivery, or on the simulated portfolio.

    Args:
        delivery: folder with the client's files; None with no mapping is the simulated portfolio.
        mapping: of the client.
        rating_year: year in which it begins; 0 is the next, which is settled here, once.
        valuation_date: day up to which experience counts, or nothing.

    Raises:
        InputError: the delivery, the mapping or an argument cannot be used; nothing was written.
        RunError: another process holds the client or its warehouse.
    """
    began = time.perf_counter()
    repricing = _asked(delivery, mapping, rating_year, valuation_date)
    plan = repricing.plan()
    _check_before_anything_is_written(plan.mapping_path, plan.delivery, simulated=delivery is None)
    client = plan.mapping.client
    with held(settings().root, client, f"ratewright run for {plan.rating_year}"):
        _hold_the_warehouse(settings().warehouse(client))
        if delivery is None:
            make_portfolio(plan.delivery)
        success = _execute(repricing)
    seconds = time.perf_counter() - began
    if not success:
        quarantine = settings().quarantine(client)
        return Outcome(
            False,
            [
                f"The run did not hold after {seconds:.0f} s; nothing was published.",
                f"  Rejected rows, with reasons: {quarantine}",
                f"  Gate: {settings().data_docs(client) / 'index.html'}",
                "  The run in Dagster: make dev",
            ],
        )
    return Outcome(True, [f"Done in {seconds:.0f} s. Where to look next:", *_next_steps(client)])


def _hold_the_warehouse(warehouse: Path) -> None:
    """Whoever has the warehouse open is named before minutes of work are done in vain."""
    if warehouse.exists():
        from pipelines.warehouse.opening import hold_free

        hold_free(warehouse)


def _asked(delivery: Path | None, mapping: Path | None, rating_year: int, valuation_date: str) -> Repricing:
    """What was asked for on the command line, with nothing left to be settled later."""
    from pipelines.landing.mapping import load_mapping

    if (delivery is None) != (mapping is None):
        raise InputError("run", expected="a delivery together with its mapping", found="one of the two")
    path = mapping.resolve() if mapping else SIMULATED
    loaded = load_mapping(path)
    return Repricing(
        client=loaded.client,
        delivery=str(delivery.resolve()) if delivery else "",
        mapping=str(path),
        rating_year=rating_year or next_rating_year(loaded, day_of(valuation_date), dt.date.today()),
        valuation_date=valuation_date,
    )


def _check_before_anything_is_written(mapping: Path, delivery: Path, *, simulated: bool) -> None:
    """Faults that can be seen from outside are reported before Dagster is even loaded."""
    from pipelines.landing.land import delivery_files
    from pipelines.landing.mapping import load_mapping

    loaded = load_mapping(mapping)
    if not simulated:
        delivery_files(delivery, loaded)


def _execute(repricing: Repricing) -> bool:
    prepare_home()
    LOGGER.info("loading the job (dbt is parsed on the first run, about ten seconds) ...")
    import dagster as dg

    from pipelines.definitions import defs

    job = defs.resolve_job_def("annual_repricing")
    config = {
        "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
        "resources": {"repricing": {"config": repricing.model_dump(include=set(Repricing.model_fields))}},
    }
    with dg.DagsterInstance.get() as instance:
        fail_dead_runs(instance)
        result = job.execute_in_process(run_config=config, instance=instance, raise_on_error=False)
        for event in result.filter_events(lambda e: e.is_step_failure):
            _explain(event.step_failure_data.error, event.step_key or "")
    return bool(result.success)


def _explain(error: object, step_key: str) -> None:
    """Say in one line why a step failed; the traceback stands in Dagster's log."""
    cause = error
    while getattr(cause, "cause", None) is not None:
        cause = cause.cause  # type: ignore[attr-defined]
    name = str(getattr(cause, "cls_name", ""))
    message = str(getattr(cause, "message", cause)).strip()
    if name == "InputError":
        raise _TravelledInputError(message.removeprefix(f"pipelines.errors.{name}: "))
    LOGGER.error("step %s failed: %s", step_key, message.splitlines()[0] if message else name)


class _TravelledInputError(InputError):
    """An input error that travelled through Dagster as text."""

    def __init__(self, message: str) -> None:
        Exception.__init__(self, message)


def _next_steps(client: str) -> list[str]:
    from pipelines.pricing.workflow import Desk

    here = settings()
    desk = Desk(here, client)
    drafted = list(desk.standings().values())
    return [
        *(_of_table(desk, drafted[-1]) if drafted else []),
        f"  Data Docs:    {_shown(here.data_docs(client) / 'index.html')}",
        f"  Marts:        {_shown(here.serving(client))}  (DuckDB)",
        f"  Flags:        ratewright flags list --client {client}",
        "  Dagster:      make dev",
    ]


def _of_table(desk: Desk, standing: Standing) -> list[str]:
    """Where a version lies, where it stands and why, and what it does to customers."""
    from pipelines.pricing.renewing.book import Book

    path = desk.path(standing)
    return [
        f"  Workbook:     {_shown(path / 'rate_table.xlsx')}",
        f"  Pricing pack: {_shown(path / 'pricing_pack.html')}",
        f"  Model report: {_shown(path / 'model_report.html')}",
        f"  Renewals:     {Book.from_files(desk.files(standing)).in_words()}",
        f"  Rate table:   {standing.version} is {standing.state}{_why(desk, standing)}",
    ]


def _why(desk: Desk, standing: Standing) -> str:
    """Why a version stands where it does, or what comes next."""
    from pipelines.pricing.workflow import State

    if standing.state is State.DRAFT:
        return f"; hand it to review with: ratewright rates submit {standing.version}"
    by_rule = any(record.automatic for record in desk.history(standing.version))
    if standing.state is State.IN_FORCE and by_rule:
        return (
            f" without review: it is the first table of {desk.client},\n"
            f"{'':16}and its mapping says first_rate_table: in_force; from the next one on, people approve"
        )
    return ""


def _shown(path: Path) -> Path:
    """A path as a reader types it: from where the command was given, if it lies below."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
