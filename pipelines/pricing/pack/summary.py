"""The first section: what this is, what it does to prices and customers, and why."""

from __future__ import annotations

from typing import Any

from pipelines.pricing.pack.matter import Matter
from pipelines.pricing.pack.signoffs import status
from pipelines.pricing.pack.why import why
from pipelines.pricing.page.markup import Kind, bullets, note, para, text, written
from pipelines.pricing.renewing.book import Balance
from pipelines.pricing.versions.belief import in_doubt
from pipelines.pricing.versions.unusual import in_words, unusual_levels


def summary(matter: Matter) -> str:
    """The summary section."""
    return "".join(
        [
            _what(matter),
            _tiles(_figures(matter)),
            _decided(matter),
            _held(matter),
            _warned(matter),
            why(matter),
        ]
    )


def _what(matter: Matter) -> str:
    manifest, book = matter.parts.manifest, matter.parts.book
    covers, packages = len(matter.parts.table.covers), len(book.packages)
    sold = (
        f"{_count(packages, 'package')} made of {_count(covers, 'cover')}"
        if packages
        else _count(covers, "cover")
    )
    changed = (
        f" It was edited from {text(manifest.parent)}: {_count(len(manifest.changes), 'selection')} by hand."
        if manifest.changes
        else ""
    )
    before = (
        f" It is compared with {text(manifest.compared_with)}, in force the year before."
        if manifest.compared_with
        else " No version was in force the year before, so tables are not compared."
    )
    now = status(matter.version, matter.history)
    open_yet = now.startswith(("draft", "in review"))
    asked = "The committee is asked to decide on" if open_yet else "This pack is about"
    return para(
        f"{asked} the prices of <b>{text(manifest.title)}</b> for contracts that begin "
        f"{manifest.effective_from} to {manifest.effective_to}: {sold}. Version "
        f"<b>{text(matter.version)}</b> is <b>{text(now)}</b>. Amounts are in {text(manifest.currency)} for "
        f"a contract year.{changed}{before}"
    )


def _figures(matter: Matter) -> list[tuple[str, Any, Kind, str]]:
    """Label, value, kind and remark of what is shown large."""
    found: list[tuple[str, Any, Kind, str]] = []
    balance, total = matter.parts.book.balance, matter.total
    if balance is not None:
        target = "none decided" if balance.target_change is None else ""
        found += [
            ("Indicated change", balance.indicated_change, "move", "before caps, floors and balance"),
            ("Change charged", balance.overall_change, "move", "of the premium of who renews"),
            (
                "Target",
                balance.target_change if not target else "none",
                "move" if not target else "text",
                target,
            ),
            ("Off-balance", balance.off_balance, "move", f"base rates × {balance.base_factor:.4f}"),
        ]
    if total is not None:
        found += [
            ("Premium now", total["current_premium"], 0, matter.currency),
            ("Premium next year", total["new_premium"], 0, matter.currency),
        ]
    elif matter.customers.height:
        premium = float(matter.customers["price"].sum())
        found += [
            ("Premium next year", premium, 0, matter.currency),
            ("Mean price", premium / matter.customers.height, 2, matter.currency),
        ]
    found.append(("Customers", matter.customers.height, 0, _without_price(matter)))
    if total is not None:
        same = total["customers"] - total["dearer"] - total["cheaper"]
        found += [
            ("Pay more", total["dearer"], 0, _share(total["dearer"], total["customers"])),
            (
                "Pay less",
                total["cheaper"],
                0,
                f"{_share(total['cheaper'], total['customers'])}; {same:,} the same",
            ),
            ("Held by the cap", total["capped"], 0, _share(total["capped"], total["customers"])),
            ("Held by the floor", total["floored"], 0, _share(total["floored"], total["customers"])),
            ("Held by new business", total["gated"], 0, "below the floor, as a new customer would"),
            ("Left on the table", total["left_on_the_table"], 0, "indicated, not charged"),
        ]
    if matter.customers.height and "referred" in matter.customers.columns:
        found.append(
            ("Referred", int(matter.customers["referred"].sum()), 0, "to non-renewal, by their record")
        )
    return found


def _tiles(figures: list[tuple[str, Any, Kind, str]]) -> str:
    tiles = "".join(
        f"<div><dt>{text(label)}</dt><dd>{written(value, kind)}<small>{text(remark)}</small></dd></div>"
        for label, value, kind, remark in figures
    )
    return f"<dl class='tiles'>{tiles}</dl>"


def _decided(matter: Matter) -> str:
    balance = matter.parts.book.balance
    if matter.customers.is_empty():
        return para(
            "<b>Nobody comes up for renewal</b> in what was delivered: there is no premium to compare."
        )
    if balance is None:
        return para(
            "<b>No current price was delivered</b>, so no change can be told: what follows shows prices "
            "alone."
        )
    if balance.target_change is not None:
        return para(_balanced(balance, edited=matter.parts.manifest.parent is not None))
    if matter.parts.manifest.balance_note:
        return para(f"<b>A decided change no longer holds.</b> {text(matter.parts.manifest.balance_note)}.")
    return para(
        "<b>No overall change was decided.</b> Base rates stand where expected cost and loads put them, or "
        "as they were selected; the change charged is what follows from that."
    )


def _balanced(balance: Balance, *, edited: bool) -> str:
    rates = "Every base rate of the version it was edited from" if edited else "Every base rate"
    return (
        f"<b>Decided: {written(balance.target_change, 'move')} overall.</b> With caps, floors and the price "
        f"of new business, these tables would bring {written(balance.held_change, 'move')} before that. "
        f"{rates} was multiplied by {balance.base_factor:.4f} to meet the decision; it came to "
        f"{written(balance.overall_change, 'move')}."
    )


def _held(matter: Matter) -> str:
    total = matter.total
    if total is None or not total["gated"]:
        return ""
    rules = matter.parts.plan.rules
    floor = written(float(rules.change[0]), "move")
    return note(
        f"A price may fall by more than the floor of {floor} where a new customer of the same kind would be "
        f"offered less: the price of new business comes before the floor. It held {total['gated']:,} "
        "customers."
    )


def _warned(matter: Matter) -> str:
    """Covers whose relativities rest on nothing, and levels whose price is far from the mean."""
    plan = matter.parts.plan
    levels = [in_words(row, plan) for row in unusual_levels(matter.parts.rates, plan).iter_rows(named=True)]
    told = in_doubt(matter.evaluation) + levels
    return f"<h3>Look at these first</h3>{bullets(told)}" if told else ""


def _without_price(matter: Matter) -> str:
    new = matter.customers.height - matter.known.height
    return f"come up for renewal; {new:,} without a known price" if new else "come up for renewal"


def _share(part: int, whole: int) -> str:
    return written(part / whole, "percent") if whole else ""


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"
