"""The pack as a page: whole, the same each time, and in need of nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import polars as pl
import pytest

from pipelines.pricing.pack import pack_html
from pipelines.pricing.versions.files import PACK, VersionParts, read_parts, write_parts
from pipelines.pricing.versions.publication import seal
from tests.pipelines.pricing.pack.examples import (
    NASTY,
    nobody,
    planned,
    with_rates,
    without_prices,
)
from tests.pipelines.pricing.pack.reading import Page
from tests.pipelines.pricing.versions.examples import manifest, of_year, parts

SECTIONS = [
    "1. Summary",
    "2. Change by tier",
    "3. Factors",
    "4. Actual against expected",
    "5. Dislocation",
    "6. Scenarios",
    "7. Method and provenance",
    "8. Sign-offs",
]


def one_cover(made: VersionParts) -> VersionParts:
    rates = made.rates.filter(pl.col("cover").is_in(["damage", "*"]) & (pl.col("tier") != "Both"))
    customers = made.book.customers.filter(pl.col("tier") == "Damage only")
    packages = tuple(p for p in made.book.packages if p.name == "Damage only")
    book = replace(made.book, customers=customers, packages=packages)
    judgements = {"damage": made.judgements["damage"]}
    return replace(made, rates=rates, book=book, judgements=judgements)


def many_models(made: VersionParts) -> VersionParts:
    rows = made.rates.filter((pl.col("cover") == "damage") & (pl.col("factor") == "use"))
    first = rows.filter(pl.col("level") != "*").head(1)
    more = [
        first.with_columns(level=pl.lit(f"model {at}"), exposure_years=pl.lit(1_000.0 + at))
        for at in range(60)
    ]
    return with_rates(made, pl.concat([made.rates, *more]))


def no_exposure(made: VersionParts) -> VersionParts:
    levels = pl.col("factor") != "base"
    nought = [pl.when(levels).then(0).otherwise(c).cast(t).alias(c) for c, t in
              (("exposure_years", pl.Float64), ("claim_count", pl.Int64))]  # fmt: skip
    unknown = [pl.when(levels).then(None).otherwise(c).alias(c) for c in ("burning_cost", "raw_relativity")]
    return with_rates(made, made.rates.with_columns(*nought, *unknown))


def no_scenarios(made: VersionParts) -> VersionParts:
    plan = made.book.scenarios.filter(pl.col("scenario") == "as planned")
    return replace(made, book=replace(made.book, scenarios=plan))


def no_packages(made: VersionParts) -> VersionParts:
    none = nobody(made)
    bare = none.rates.filter(pl.col("tier") == "*")
    return with_rates(replace(none, book=replace(none.book, packages=())), bare)


def unjudged(made: VersionParts) -> VersionParts:
    return replace(made, judgements={}, evaluation=b'{"covers": {}}')


CASES: dict[str, Callable[[], VersionParts]] = {
    "packages that are sums of covers": parts,
    "a planned tier": planned,
    "a decided change": lambda: parts(overall_change=0.03),
    "a planned tier and a decided change": lambda: planned(0.05),
    "last year's table": lambda: replace(parts(), last_year=(parts(0.2).rates, parts(0.2).premiums)),
    "no current price": lambda: without_prices(parts()),
    "no current price of a planned tier": lambda: without_prices(planned()),
    "nobody renews": lambda: nobody(parts()),
    "nobody renews a planned tier": lambda: nobody(planned()),
    "no packages": lambda: no_packages(parts()),
    "no scenarios": lambda: no_scenarios(parts()),
    "one cover": lambda: one_cover(parts()),
    "sixty models": lambda: many_models(parts()),
    "no exposure at any level": lambda: no_exposure(parts()),
    "names that look like markup": lambda: parts(level=NASTY),
    "no forecast was judged": lambda: unjudged(parts()),
}


@pytest.mark.parametrize("case", CASES)
def test_whatever_is_lacking_every_section_stands_in_its_order(case: str) -> None:
    page = Page(pack_html(CASES[case]()))
    assert [title for title in page.titles if title[:2].rstrip(".").isdigit()] == SECTIONS
    assert "nan" not in page.text.split()
    assert "None" not in page.text.split()
    assert not re.search(r"\d\.\d{5}", page.text), "a number has more places than anybody reads"


@pytest.mark.parametrize("case", ["a planned tier", "last year's table", "nobody renews"])
def test_the_same_version_gives_the_same_bytes(case: str) -> None:
    assert pack_html(CASES[case]()) == pack_html(CASES[case]())


@pytest.mark.parametrize("case", CASES)
def test_the_page_needs_nothing_else(case: str) -> None:
    content = pack_html(CASES[case]())
    page = Page(content)
    assert all(link.startswith("#") for link in page.links)
    assert {link[1:] for link in page.links} <= set(re.findall(r"id='([a-z]+)'", content.decode()))
    assert not page.tags & {"script", "link", "img", "iframe", "object", "embed", "base", "form"}
    assert not re.search(rb"https?:|url\(|@import|\son[a-z]+=", content)


def test_a_version_keeps_the_pack_that_its_files_give_again() -> None:
    made = parts()
    files = write_parts(made)
    assert files[PACK] == pack_html(made)
    assert pack_html(read_parts(seal(made.manifest, files))) == files[PACK]


def test_names_are_text_and_never_markup() -> None:
    made = parts(level=NASTY)
    made = with_rates(made, made.rates, title=NASTY, client="a<i>", rated_by="<u>", currency="<s>")
    content = pack_html(made)
    assert NASTY in Page(content).text
    for tag in (b"<b>&quot;", b'<b>"R', b"<i>", b"<u>", b"<s>"):
        assert tag not in content


def test_it_prints_on_a4_with_heads_repeated_and_folds_open() -> None:
    content = pack_html(parts()).decode()
    style = content[content.index("@media print") :]
    for rule in (
        "size:A4",
        "display:table-header-group",
        "tr{break-inside:avoid}",
        "::details-content{content",
    ):
        assert rule in style, rule


def test_a_pack_of_a_large_table_stays_small() -> None:
    assert len(pack_html(many_models(parts()))) < 200_000


def test_the_head_says_which_version_it_is() -> None:
    made = of_year(parts(), 2031)
    page = Page(pack_html(made))
    assert page.titles[0] == "Pricing pack 2031: Test"
    for told in (made.manifest.version(), "2031-01-01 to 2031-12-31", "CNY"):
        assert told in page.text
    assert manifest().currency == "CNY"
