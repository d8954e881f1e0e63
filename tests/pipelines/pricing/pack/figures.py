"""How figures are written on the page, told apart from the page's own code; customers as rows."""

from __future__ import annotations

from typing import Any

from pipelines.pricing.pack import pack_html
from pipelines.pricing.versions.files import VersionParts
from tests.pipelines.pricing.pack.reading import Page


def page(made: VersionParts) -> Page:
    return Page(pack_html(made))


def percent(value: float) -> str:
    """As the page prints a change."""
    rounded = round(100 * value, 1)
    return f"{'−' if rounded < 0 else '+' if rounded > 0 else ''}{abs(rounded):,.1f} %"


def share(value: float) -> str:
    return percent(value).replace("+", "")


def whole_number(value: Any) -> str:
    return f"{float(value):,.0f}".replace("-", "−")


def known(made: VersionParts) -> list[dict[str, Any]]:
    """Customers whose current price is known, as rows."""
    return [row for row in made.book.customers.to_dicts() if row["current_price"] is not None]
