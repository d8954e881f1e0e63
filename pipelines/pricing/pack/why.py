"""Why the indicated change is large: of 100 of today's premium, what goes where."""

from __future__ import annotations

from pipelines.pricing.pack.matter import Matter
from pipelines.pricing.page.markup import Kind, para, table, text, words

MOVED = "Selections, bounds of the plan, a decided change"
LARGE = 0.1
"""From this indicated change on, the summary says what lies behind it."""


def why(matter: Matter) -> str:
    """What lies behind a large indicated change; nothing where it is small or no current price is known."""
    balance, stack = matter.parts.book.balance, matter.known_stack
    if balance is None or stack is None or not stack.current or abs(balance.indicated_change) < LARGE:
        return ""
    of_100 = 100 / stack.current
    observed = matter.observed_cost * of_100
    covers = sum(stack.covers.values()) * of_100
    indicated = 100 * (1 + balance.indicated_change)
    expected = f", and are expected to cost {covers:,.1f}"
    side = "below" if balance.indicated_change < 0 else "above"
    lead = para(
        f"<b>Why so much?</b> Of 100 {text(matter.currency)} that customers pay today, the covers they hold "
        f"have cost {observed:,.1f} in a year so far{expected}. With everything else that the price has to "
        f"bear, the indicated price is {indicated:,.1f}, well {side} what is paid today. Before a decision, "
        "see that premium and cost are of the same contracts, in the same currency, for a year."
    )
    rows = [
        ("For comparison: observed cost of the covers held, so far", observed),
        ("Expected cost of the covers in the rating year", covers),
        (
            f"Further lines of the plan: {words(', '.join(stack.lines)) or 'none'}",
            sum(stack.lines.values()) * of_100,
        ),
        (
            "Loads, driving score, least and most price, rounding",
            (sum(stack.loads.values()) + stack.beyond) * of_100,
        ),
        *([(MOVED, moved)] if (moved := stack.balance * of_100) else []),
        ("Customers' own record", (stack.indicated - stack.tariff) * of_100),
        ("= price on these base rates", stack.indicated * of_100),
        ("= charged, after caps, floors and the price of new business", stack.charged * of_100),
    ]
    head: list[tuple[str, Kind]] = [(f"of 100 {matter.currency} of today's premium", "text"), ("amount", 1)]
    return lead + table(head, rows, strong=[name.startswith("=") for name, _ in rows])
