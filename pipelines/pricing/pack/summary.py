"""The first section: what this is, what it does to prices and customers, and why."""

from __future__ import annotations

from typing import Any

from pipelines.pricing.pack.matter import Matter
from pipelines.pricing.pack.signoffs import status
from pipelines.pricing.page.markup import Kind, note, para, table, text, words, written
from pipelines.pricing.renewing.book import Balance

LARGE = 0.1
"""From this indicated change on, the summary says what lies behind it."""


def summary(matter: Matter) -> str:
    """The summary section."""
    return "".join([_what(matter), _tiles(_figures(matter)), _decided(matter), _held(matter), _why(matter)])


def _what(matter: Matter) -> str:
    manifest, book = matter.parts.manifest, matter.parts.book
    covers, packages = len(matter.parts.table.covers), len(book.packages)
    sold = (
        f"{_count(packages, 'package')} made of {_count(covers, 'cover')}"
        if packages
        else _count(covers, "cover")
    )
    changed = (
        f" It was edited from {text(manifest.parent)}: "
        f"{_count(len(manifest.changes), 'relativity', 'relativities')} "
        "selected by hand."
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
        f"{asked} the prices of <b>{text(manifest.title)}</b> for contracts that "
        f"begin {manifest.effective_from} to {manifest.effective_to}: {sold}. Version "
        f"<b>{text(matter.version)}</b> is <b>{text(now)}</b>. Amounts "
        "are in "
        f"{text(manifest.currency)} for a contract year.{changed}{before}"
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
            ("Held by new business", total["gated"], 0, "pay what a new customer pays"),
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
    if balance.target_change is None:
        return para(
            "<b>No overall change was decided.</b> Base rates stay where expected cost and loads put them; "
            "the change "
            "charged is what follows from that."
        )
    return para(_balanced(balance))


def _balanced(balance: Balance) -> str:
    return (
        f"<b>Decided: {written(balance.target_change, 'move')} overall.</b> With caps, floors and the "
        "price of new "
        f"business, the tables as indicated would bring {written(balance.held_change, 'move')}. Every base "
        "rate was "
        f"multiplied by {balance.base_factor:.4f} to meet the decision; it came to "
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


def _why(matter: Matter) -> str:
    """What lies behind a large indicated change: of 100 of today's premium, what goes where."""
    balance, stack = matter.parts.book.balance, matter.known_stack
    if balance is None or stack is None or not stack.current or abs(balance.indicated_change) < LARGE:
        return ""
    of_100 = 100 / stack.current
    observed = matter.observed_cost * of_100
    covers = sum(stack.covers.values()) * of_100
    lines = sum(stack.lines.values()) * of_100
    loads = (sum(stack.loads.values()) + stack.beyond) * of_100
    own = (stack.indicated - stack.tariff) * of_100
    indicated = 100 * (1 + balance.indicated_change)
    rows = [
        ("For comparison: observed cost of the covers held, so far", observed),
        ("Expected cost of the covers in the rating year", covers),
        (f"Further lines of the plan: {words(', '.join(stack.lines)) or 'none'}", lines),
        ("Loads, driving score, least and most price, rounding", loads),
        *([("Base rates moved to the decided change", stack.balance * of_100)] if stack.balance else []),
        ("Customers' own record", own),
        ("= price on these base rates", stack.indicated * of_100),
        ("= charged, after caps, floors and the price of new business", stack.charged * of_100),
    ]
    side = "below" if balance.indicated_change < 0 else "above"
    lead = para(
        f"<b>Why so much?</b> Of 100 {text(matter.currency)} that customers pay today, the covers they "
        "hold have cost "
        f"{observed:,.1f} in a year so far, and are expected to cost {covers:,.1f}. With everything else "
        "that the "
        f"price has to bear, the indicated price is {indicated:,.1f}, well {side} what is paid today. "
        "Before a decision, "
        "see that premium and cost are of the same contracts, in the same currency, for a year."
    )
    head: list[tuple[str, Kind]] = [(f"of 100 {matter.currency} of today's premium", "text"), ("amount", 1)]
    return lead + table(head, rows, strong=[str(row[0]).startswith("=") for row in rows])


def _without_price(matter: Matter) -> str:
    new = matter.customers.height - matter.known.height
    return f"come up for renewal; {new:,} without a known price" if new else "come up for renewal"


def _share(part: int, whole: int) -> str:
    return written(part / whole, "percent") if whole else ""


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"
