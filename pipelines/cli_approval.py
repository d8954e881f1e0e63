"""`ratewright rates` edit, submit, approve, reject, publish, withdraw: from a draft to a price in force."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

if TYPE_CHECKING:
    from pipelines.pricing.workflow import Action, Desk

console = Console(soft_wrap=True, highlight=False)
errors = Console(stderr=True, soft_wrap=True, highlight=False)

Version = Annotated[str, typer.Argument(help="Name of the version, as `rates list` shows it.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; kept in the log.")]


def edit_rates(
    file: Annotated[Path, typer.Option("--from", help="Workbook with other numbers in Selected.")],
    version: Annotated[str | None, typer.Argument(help="The draft that is meant, to be sure.")] = None,
    reason: Reason = "",
) -> None:
    """Read selected relativities and base rates back from a workbook and make a new draft of them.

    Fetch the draft's workbook with `rates pull --version`, change numbers in the column Selected of a
    factor's sheet or of Base rates, and say why beside each. What breaks the plan's bounds, order or
    corridor needs a second reason in the column Override of the plan because, which whoever approves has
    to accept. All is taken, or nothing: every cell that is refused is told, and any other cell that was
    changed is.

    Example: ratewright rates edit --from rates.xlsx --reason "after the review of 12 May"
    """
    from pipelines.pricing.changing.editing import edit_from_workbook
    from pipelines.pricing.changing.problems import SelectionsRefusedError
    from pipelines.pricing.workflow import locate
    from pipelines.settings import settings

    try:
        standing = edit_from_workbook(settings(), file, version, reason)
    except SelectionsRefusedError as refused:
        for problem in refused.problems:
            errors.print(f"  {problem}", markup=False)
        raise
    console.print(f"{standing.version} is {standing.state}, edited from {standing.parent}.", markup=False)
    console.print(f"What moved: ratewright rates diff {standing.version}", markup=False)
    _tell_dagster(locate(settings(), standing.version)[0])


def submit_rates(version: Version, reason: Reason = "") -> None:
    """Hand a draft to review; from then on it cannot be edited.

    Example: ratewright rates submit acme-1f0c2d3e4b
    """
    from pipelines.pricing.workflow import Action

    _act(Action.SUBMIT, version, reason)


def approve_rates(
    version: Version,
    reason: Reason,
    accept_overrides: Annotated[
        bool, typer.Option("--accept-overrides", help="You have seen every value that breaks the plan.")
    ] = False,
) -> None:
    """Approve a version in review; not for those who drafted or edited it.

    A version with values that break the plan's bounds, order or corridor needs --accept-overrides:
    `rates show` and the pack list them with their reasons.

    Example: ratewright rates approve acme-1f0c2d3e4b --reason "dislocation is within the mandate"
    """
    from pipelines.pricing.workflow import Action

    _act(Action.APPROVE, version, reason, accepts_overrides=accept_overrides)


def reject_rates(version: Version, reason: Reason) -> None:
    """Reject a version that is not in force yet, for good.

    Example: ratewright rates reject acme-1f0c2d3e4b --reason "taxis are priced below cost"
    """
    from pipelines.pricing.workflow import Action

    _act(Action.REJECT, version, reason)


def publish_rates(
    version: Version,
    replace: Annotated[
        list[str], typer.Option("--replace", help="Version in force on the same days, which this one ends.")
    ] = [],  # noqa: B006
    reason: Reason = "",
) -> None:
    """Put an approved version in force, at once and whole.

    No day is rated by two versions of a client: one that is in force on the same days has to be named.

    Example: ratewright rates publish acme-1f0c2d3e4b --replace acme-0a1b2c3d4e
    """
    from pipelines.pricing.workflow import locate
    from pipelines.settings import settings

    desk, _ = locate(settings(), version)
    standing = desk.publish(version, tuple(replace), reason)
    days = f"{standing.effective_from} to {standing.effective_to}"
    console.print(f"{version} is in force, {days}: {desk.path(standing)}", markup=False)
    _tell_dagster(desk)


def withdraw_rates(version: Version, reason: Reason) -> None:
    """Take a version in force out of force; nothing takes its place until another is published.

    Example: ratewright rates withdraw acme-1f0c2d3e4b --reason "wrong currency in the delivery"
    """
    from pipelines.pricing.workflow import Action

    _act(Action.WITHDRAW, version, reason)


def _act(action: Action, version: str, reason: str, *, accepts_overrides: bool = False) -> None:
    from pipelines.pricing.workflow import WorkflowError, locate
    from pipelines.pricing.workflow.record import Action
    from pipelines.settings import settings

    if action is not Action.SUBMIT and not reason.strip():
        raise WorkflowError(f"{version}: say why with --reason")
    desk, _ = locate(settings(), version)
    standing = desk.act(action, version, reason, accepts_overrides=accepts_overrides)
    console.print(f"{version} is {standing.state}.", markup=False)
    _tell_dagster(desk)


def _tell_dagster(desk: Desk) -> None:
    from pipelines.pricing.observing import tell_dagster
    from pipelines.settings import settings

    tell_dagster(settings(), desk)


STEPS: dict[str, Callable[..., None]] = {
    "edit": edit_rates,
    "submit": submit_rates,
    "approve": approve_rates,
    "reject": reject_rates,
    "publish": publish_rates,
    "withdraw": withdraw_rates,
}
