"""The plot that belongs to a mart, as a picture inside Markdown: Dagster shows it on the asset's page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dagster as dg
import polars as pl

from pipelines.drawing import figure_of, own_settings, png_bytes
from pipelines.previews import png

Read = Callable[[str], pl.DataFrame]
INK, MUTED, GRID = "#1f2933", "#7b8794", "#e4e7eb"
PALETTE = ("#1f4e79", "#c55a11", "#548235", "#7f6000", "#7030a0", "#2e8b8b", "#a5a5a5", "#c00000", "#264478")
SETTINGS: dict[str, Any] = {
    "font.size": 10, "text.color": INK, "axes.labelcolor": INK, "axes.edgecolor": MUTED,
    "axes.spines.top": False, "axes.spines.right": False, "axes.axisbelow": True,
    "xtick.color": INK, "ytick.color": INK, "axes.titlesize": 11,
}  # fmt: skip
MOST_MODELS = 30
MOST_COVERS = 9
MOST_QUARTERS = 20
THIN_YEARS = 50
"""Vehicle-years below which a bar is drawn pale: chance decides on its height."""


def plot_of(mart: str, read: Read) -> dg.MetadataValue | None:
    """The mart's plot, if it has one and holds anything.

    Args:
        mart: name of the mart.
        read: runs a query on the warehouse and returns a frame.
    """
    draw = _PLOTS.get(mart)
    if draw is None:
        return None
    with own_settings(SETTINGS):
        figure = draw(read)
        return None if figure is None else png(png_bytes(figure))


def _axes(rows: int = 1, columns: int = 1, size: tuple[float, float] = (9.0, 4.8), **options: Any) -> Any:
    figure = figure_of(size)
    return figure, figure.subplots(rows, columns, **options)


def _thousands(axis: Any) -> None:
    from matplotlib.ticker import FuncFormatter

    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))


def _banded(mart: str, band: str, title: str) -> Callable[[Read], Any]:
    """Cost of a vehicle-year by band, cover upon cover, above the exposure it rests on."""

    def draw(read: Read) -> Any:
        rows = read(
            f"select cover, {band} as band, exposure_years, cast(incurred_amount as double) as cost "
            f"from marts.{mart} order by level_order nulls last, {band}"
        )
        whole = rows.filter(pl.col("cover") == "all covers").filter(pl.col("exposure_years") > 0)
        if whole.is_empty():
            return None
        from matplotlib.colors import to_rgba

        figure, (top, bottom) = _axes(2, 1, (9.0, 5.6), height_ratios=[3, 1], sharex=True)
        at = range(whole.height)
        floor = [0.0] * whole.height
        for colour, (cover, mine) in zip(PALETTE, _covers(rows), strict=False):
            costs = whole.select("band").join(mine, on="band", how="left", maintain_order="left")["cost"]
            heights = (costs.fill_null(0) / whole["exposure_years"]).to_list()
            shades = [to_rgba(colour, 1.0 if y >= THIN_YEARS else 0.3) for y in whole["exposure_years"]]
            top.bar(at, heights, bottom=floor, width=0.72, color=shades)
            top.bar([0], [0], color=colour, label=cover.replace("_", " "))
            floor = [a + b for a, b in zip(floor, heights, strict=True)]
        bottom.bar(at, whole["exposure_years"].to_list(), width=0.72, color=MUTED)
        bottom.set_xticks(list(at), whole["band"].to_list(), rotation=0 if whole.height < 8 else 30)
        top.set_title(f"{title}; pale: under {THIN_YEARS} vehicle-years", loc="left")
        top.set_ylabel("cost of a vehicle-year")
        bottom.set_ylabel("vehicle-years")
        _finish(top, bottom)
        top.legend(frameon=False, fontsize=9, loc="upper left", bbox_to_anchor=(1.0, 1.0))
        return figure

    return draw


def _covers(rows: pl.DataFrame) -> list[tuple[str, pl.DataFrame]]:
    """Covers by their cost, the dearest first."""
    single = rows.filter(pl.col("cover") != "all covers")
    totals = (
        single.group_by("cover").agg(pl.col("cost").sum()).sort("cost", "cover", descending=[True, False])
    )
    return [(c, single.filter(pl.col("cover") == c)) for c in totals["cover"].head(MOST_COVERS)]


def _finish(*axes: Any) -> None:
    for one in axes:
        one.grid(axis="y", color=GRID)
        _thousands(one.yaxis)


def _by_model(read: Read) -> Any:
    rows = read(
        "select model, burning_cost, exposure_years from marts.cost_by_model where cover = 'all covers' "
        f"and exposure_years > 0 order by exposure_years desc limit {MOST_MODELS}"
    ).sort("burning_cost")
    if rows.is_empty():
        return None
    figure, axes = _axes(size=(9.0, 1.4 + 0.27 * rows.height))
    axes.barh(rows["model"].to_list(), rows["burning_cost"].to_list(), color=PALETTE[0], height=0.7)
    for y, (cost, years) in enumerate(rows.select("burning_cost", "exposure_years").iter_rows()):
        axes.text(max(cost, 0), y, f"  {years:,.0f} vehicle-years", va="center", fontsize=8, color=MUTED)
    axes.margins(x=0.18)
    axes.set_title(f"Cost by model, the {rows.height} with most exposure", loc="left")
    axes.set_xlabel("cost of a vehicle-year, all covers")
    axes.grid(axis="x", color=GRID)
    _thousands(axes.xaxis)
    return figure


def _triangles(read: Read) -> Any:
    rows = read(
        "select cover, accident_quarter, development_quarter, cast(incurred_amount as double) as incurred "
        "from marts.claim_triangles where accident_quarter is not null "
        "and accident_quarter in (select distinct accident_quarter from marts.claim_triangles "
        f"order by accident_quarter desc nulls last limit {MOST_QUARTERS}) order by all"
    )
    covers = rows.group_by("cover").agg(pl.col("incurred").max()).sort("incurred", descending=True)["cover"]
    covers = covers.head(6)
    if rows.is_empty():
        return None
    count = len(covers)
    across = min(count, 2)
    down = -(-count // across)
    figure, axes = _axes(down, across, (5.2 * across, 3.4 * down), squeeze=False)
    for axis, cover in zip(axes.flat, covers, strict=False):
        _heat(figure, axis, cover, rows.filter(pl.col("cover") == cover))
    for axis in list(axes.flat)[count:]:
        axis.set_visible(False)
    figure.suptitle("Incurred by accident quarter and quarter of development, thousands", x=0.01, ha="left")
    return figure


def _heat(figure: Any, axis: Any, cover: str, rows: pl.DataFrame) -> None:
    wide = rows.pivot("development_quarter", index="accident_quarter", values="incurred")
    grid = wide.drop("accident_quarter").to_numpy().astype(float) / 1e3
    image = axis.imshow(grid, cmap="Blues", aspect="auto")
    quarters = [f"{q.year} Q{(q.month + 2) // 3}" for q in wide["accident_quarter"]]
    step = max(1, len(quarters) // 12)
    axis.set_yticks(range(0, len(quarters), step), quarters[::step], fontsize=8)
    ages = [int(name) for name in wide.columns[1:]]
    axis.set_xticks(range(0, len(ages), step), [str(a) for a in ages[::step]], fontsize=8)
    axis.set_title(cover.replace("_", " "), loc="left")
    axis.set_xlabel("quarter of development")
    bar = figure.colorbar(image, ax=axis, shrink=0.85)
    bar.outline.set_visible(False)
    _thousands(bar.ax.yaxis)


def _loss_ratio(read: Read) -> Any:
    rows = read(
        "select product, tier, month_start, sum(cast(earned_amount as double)) as earned, "
        "sum(cast(incurred_amount as double)) as incurred from marts.loss_ratio_by_month "
        "group by all order by all"
    )
    # A month that earns next to nothing says nothing about the ratio.
    usual = pl.col("earned").median().over("product", "tier")
    rows = rows.filter((pl.col("earned") > 0) & (pl.col("earned") >= 0.2 * usual))
    if rows.is_empty():
        return None
    figure, axes = _axes()
    whole = rows.group_by("month_start", maintain_order=True).agg(pl.col("earned", "incurred").sum())
    whole = whole.sort("month_start")
    plans = rows.group_by("product", "tier").agg(pl.col("earned").sum()).sort("earned", descending=True)
    for colour, (product, tier, _) in zip(PALETTE, plans.head(6).iter_rows(), strict=False):
        mine = rows.filter((pl.col("product") == product) & (pl.col("tier") == tier))
        ratio = mine["incurred"] / mine["earned"]
        axes.plot(mine["month_start"].to_list(), ratio.to_list(), color=colour, lw=1.2, label=tier)
    total = whole["incurred"] / whole["earned"]
    axes.plot(whole["month_start"].to_list(), total.to_list(), color=INK, lw=2.4, label="all")
    axes.set_ylim(bottom=0)
    axes.set_title(
        "Incurred over earned premium by month of the event; the latest months still develop", loc="left"
    )
    axes.set_ylabel("loss ratio")
    axes.grid(axis="y", color=GRID)
    axes.legend(frameon=False, fontsize=9, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return figure


_PLOTS: dict[str, Callable[[Read], Any]] = {
    "cost_by_vehicle_age": _banded("cost_by_vehicle_age", "vehicle_age", "Cost by vehicle age in years"),
    "cost_by_annual_mileage": _banded("cost_by_annual_mileage", "annual_mileage", "Cost by annual mileage"),
    "cost_by_model": _by_model,
    "claim_triangles": _triangles,
    "loss_ratio_by_month": _loss_ratio,
}
