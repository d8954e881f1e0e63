"""The pack as a whole: head, contents, and eight sections in the order a committee asks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from pipelines.pricing.pack.dislocation import dislocation
from pipelines.pricing.pack.factors import factors
from pipelines.pricing.pack.fit import fit
from pipelines.pricing.pack.matter import Matter
from pipelines.pricing.pack.method import method
from pipelines.pricing.pack.scenarios import scenarios
from pipelines.pricing.pack.signoffs import signoffs, status
from pipelines.pricing.pack.style import STYLE
from pipelines.pricing.pack.summary import summary
from pipelines.pricing.pack.tiers import tiers
from pipelines.pricing.page.markup import link, note, part_or_reason, text, whole_page

if TYPE_CHECKING:
    from pipelines.pricing.versions.files import VersionParts
    from pipelines.pricing.workflow.record import Record

SECTIONS: dict[str, tuple[str, Callable[[Matter], str]]] = {
    "summary": ("Summary", summary),
    "tiers": ("Change by tier", tiers),
    "factors": ("Factors", factors),
    "fit": ("Actual against expected", fit),
    "dislocation": ("Dislocation", dislocation),
    "scenarios": ("Scenarios", scenarios),
    "method": ("Method and provenance", method),
    "signoffs": ("Sign-offs", signoffs),
}
NEW_PAGE = ("factors", "dislocation", "signoffs")
NEVER_LEFT_OUT = ("summary", "tiers", "method", "signoffs")


def pack_html(parts: VersionParts, history: Sequence[Record] = ()) -> bytes:
    """The pricing pack of a version as one HTML file that needs nothing else.

    Args:
        parts: the version.
        history: what was done to it, by the log; unsigned where it is left out.

    Returns:
        The page; the same inputs give the same bytes.
    """
    matter = Matter(parts, history)
    manifest = parts.manifest
    title = f"Pricing pack {manifest.rating_year}: {manifest.title}"
    contents = "".join(f"<li>{link(key, _title(key))}</li>" for key in SECTIONS)
    main = "\n".join(_section(key, matter) for key in SECTIONS)
    return whole_page(title, STYLE, _about(matter), contents, main)


def _about(matter: Matter) -> str:
    manifest = matter.parts.manifest
    badge = f"<span class='badge'>{text(status(matter.version, matter.history))}</span>"
    return note(
        f"{badge} {text(matter.version)}. Contracts that begin {manifest.effective_from} to "
        f"{manifest.effective_to}. Experience valued at {manifest.valuation_date}. Amounts in "
        f"{text(manifest.currency)} for a contract year."
    )


def _section(key: str, matter: Matter) -> str:
    css = " class='page'" if key in NEW_PAGE else ""
    title, draw = SECTIONS[key]
    # What is signed, and what is told of it, is whole or the pack is not made.
    drawn = draw(matter) if key in NEVER_LEFT_OUT else part_or_reason(title, partial(draw, matter))
    return f"<section><h2 id='{key}'{css}>{_title(key)}</h2>{drawn}</section>"


def _title(key: str) -> str:
    return f"{list(SECTIONS).index(key) + 1}. {SECTIONS[key][0]}"
