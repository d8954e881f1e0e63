"""How the prices came about, in words; what binds them; what was not priced; what they were made from."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import polars as pl

from pipelines.pricing.pack.matter import Matter
from pipelines.pricing.page.markup import Kind, bullets, fold, note, table, text, words, written
from pipelines.pricing.versions.manifest import Manifest

HASH_SHOWN = 12
FOLDED = 12
STEPS = (
    "Claims and repairs of past years are brought to the rating year: those not yet fully known are "
    "developed to what they will cost, and frequency and price levels are carried forward by their trends. "
    "Very large losses are cut and spread over everybody.",
    "For every cover a model says how often a claim happens and what it costs on average, by vehicle, use "
    "and driver, each factor beside all others. A level with little experience is drawn towards its "
    "neighbours or the mean: the less is known, the closer it stays.",
    "A price by cover is expected cost plus fixed expense, over what expense, commission and margin leave "
    "of the premium. It is written as a base rate times one relativity per factor.",
    "Relativities are held to the plan: some factors may only rise or only fall, and the driving score "
    "stays within its bounds. People may select others within limits, each with a reason.",
    "A planned tier adds up what its covers cost inside it and the further lines of its cost stack, adds "
    "its margin, and is held between a least and a most price. Other packages cost what their covers cost "
    "apart.",
    "Who renews pays what is indicated, moved by their own claims record as far as it can be believed, and "
    "held between floor and cap. Nobody pays more than the same customer would be offered as a new one.",
)
LIMITS = (
    "The forecast knows the past that was delivered. A change of cover, of repair prices beyond their "
    "trend, or of who buys is not in it; the scenarios show some of that.",
    "Levels marked as thin rest on few claims: their price is mostly that of their neighbours.",
    "Intervals are about each relativity alone, and take the model as right.",
    "Whether customers leave when prices change is no part of the prices.",
)


def method(matter: Matter) -> str:
    """The section on method, limits and provenance."""
    return "".join(
        [
            f"<ol class='steps'>{''.join(f'<li>{text(step)}</li>' for step in STEPS)}</ol>",
            "<h3>What binds the prices</h3>",
            _rules(matter),
            "<h3>What was not priced</h3>",
            _not_priced(matter),
            _outside(matter.parts.manifest),
            "<h3>Limits</h3>",
            bullets(LIMITS),
            "<h3>What it was made from</h3>",
            _made_from(matter.parts.manifest),
        ]
    )


def _rules(matter: Matter) -> str:
    plan, rules = matter.parts.plan, matter.parts.plan.rules
    floor, cap = (written(float(change), "move") for change in rules.change)
    told = [
        f"A customer's price changes by {floor} to {cap}"
        + (
            ", and is never above that of the same contract as new business."
            if rules.new_business_gate
            else "."
        ),
        f"The driving score moves a price by a factor of {rules.score[0]:g} to {rules.score[1]:g}.",
        f"A customer's own record moves the price by a factor of {rules.own_factor[0]:g} to "
        f"{rules.own_factor[1]:g}; it is half believed at {rules.credible_claims:g} expected claims.",
        f"From {rules.referral_claims} claims together with a cost of {rules.referral_loss_ratio:g} times "
        "the premium, a customer is referred to non-renewal; people decide.",
        f"A relativity or base rate selected by hand lies within "
        f"{written(matter.parts.manifest.edit_limit, 'percent')} of the planned one, the indicated one after "
        "the plan's order and bounds, and within those; anything else is an override, listed at the "
        "sign-offs.",
        "Base rates are those of a vehicle at: "
        + ", ".join(f"{words(f)} {level}" for f, level in sorted(matter.parts.manifest.base_levels.items()))
        + ".",
    ]
    columns: list[tuple[str, Kind]] = [
        ("cover", "text"),
        ("expense", "percent"),
        ("commission", "percent"),
        ("margin", "percent"),
        ("fixed expense", 2),
    ]
    loads = {cover: plan.loading(cover) for cover in matter.parts.table.covers}
    rows = [
        (words(c), load.expense_ratio, load.commission_ratio, load.margin_ratio, load.fixed_expense)
        for c, load in loads.items()
    ]
    return bullets(told) + fold("loads by cover, shares of the premium", table(columns, rows))


def _not_priced(matter: Matter) -> str:
    refused = matter.evaluation.get("refused") or {}
    told = [f"{words(cover)}: {_sentence(reason)}" for cover, reason in sorted(refused.items())]
    told += _lacking(matter)
    if not told:
        return note("Every cover with experience has rates, and every tier that was sold is priced.")
    return bullets(told)


def _outside(manifest: Manifest) -> str:
    if not manifest.outside_exposure:
        return note("Every claim, order and contract that landed lies within exposure.")
    told = "Outside any exposure, and so in no rate, ratio or triangle (`marts.claims_outside_exposure`):"
    return note(told) + bullets(manifest.outside_exposure)


def _sentence(reason: str) -> str:
    return f"{str(reason).rstrip('.')}."


def _lacking(matter: Matter) -> list[str]:
    """Tiers and covers of the plan without rates, for the products that are priced."""
    covers = matter.parts.plan.table("tier_covers")
    products = {package.product for package in matter.parts.book.packages}
    if covers.is_empty() or not products:
        return []
    own = covers.filter(pl.col("product").is_in(sorted(products))).sort("product", "tier", "cover")
    priced = set(matter.parts.table.covers)
    found = []
    for (tier,), rows in own.group_by("tier", maintain_order=True):
        missing = [words(cover) for cover in rows["cover"] if cover not in priced]
        if missing:
            found.append(f"{words(str(tier))} is not priced as a whole: no rates for {', '.join(missing)}.")
    return found


def _made_from(manifest: Manifest) -> str:
    facts = {
        "Version": manifest.version(),
        "Edited from": manifest.parent or "no other version",
        "Compared with": manifest.compared_with or "no version in force the year before",
        "Valued on": str(manifest.valuation_date),
        "Rated by": manifest.rated_by or "not named",
        "Champion": manifest.champion or "not named",
        "Challenger": manifest.challenger or "none",
        "Priced to": manifest.priced_to_in_words(),
        "Code": manifest.code_revision,
        "Mapping": manifest.mapping_sha256[:HASH_SHOWN],
        "Rates": manifest.model_sha256[:HASH_SHOWN],
        "Libraries": ", ".join(f"{name} {version}" for name, version in sorted(manifest.libraries.items())),
    }
    rows = [(name, value) for name, value in facts.items() if value]
    return table([("what", "text"), ("which", "text")], rows) + _deliveries(manifest) + _plan(manifest)


def _deliveries(manifest: Manifest) -> str:
    columns: list[tuple[str, Kind]] = [
        ("file", "text"),
        ("rows read", 0),
        ("accepted", 0),
        ("rejected", 0),
        ("duplicates", 0),
        ("SHA-256", "text"),
    ]
    files = manifest.deliveries
    if not files:
        return note("No delivery is named.")
    rows: list[Any] = [
        (d.file, d.read, d.accepted, d.rejected, d.duplicates, d.sha256[:HASH_SHOWN]) for d in files
    ]
    if len(rows) <= FOLDED:
        return "<h4>Deliveries</h4>" + table(columns, rows)
    return (
        "<h4>Deliveries</h4>"
        + note(f"{len(files):,} files; those of one kind are summed.")
        + table(columns[:-1], _by_kind(rows))
        + fold(f"all {len(files):,} files with their hashes", table(columns, rows), printed=False)
    )


def _by_kind(rows: list[Any]) -> list[Any]:
    """Files whose names differ by numbers alone, such as months, as one row."""
    summed = []
    for kind, own in groupby(
        sorted(rows, key=lambda row: (_kind(row[0]), row[0])), key=lambda row: _kind(row[0])
    ):
        files = list(own)
        name = files[0][0] if len(files) == 1 else f"{kind} ({len(files):,} files)"
        summed.append((name, *(sum(row[at] for row in files) for at in range(1, 5))))
    return summed


def _kind(name: str) -> str:
    stem = "".join("#" if c.isdigit() else c for c in name)
    while "##" in stem:
        stem = stem.replace("##", "#")
    return stem.replace("#-#", "#").replace("#", "…")


def _plan(manifest: Manifest) -> str:
    if not manifest.seeds:
        return ""
    rows = [(name, digest[:HASH_SHOWN]) for name, digest in sorted(manifest.seeds.items())]
    return fold(
        "tables of the rating plan with their hashes",
        table([("table", "text"), ("SHA-256", "text")], rows),
        printed=False,
    )
