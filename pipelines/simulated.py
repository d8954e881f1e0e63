"""The simulated portfolio of an installation: what a first run is about."""

from __future__ import annotations

from pathlib import Path

from pipelines.progress import step

VEHICLES, YEARS, DEFECTS, SEED = 2_000, 3, 0.002, 1


def make_portfolio(out: Path) -> None:
    """Write the simulated portfolio to a folder; the same bytes each time."""
    from simulator import simulate

    with step("simulated portfolio") as log:
        made = simulate(vehicles=VEHICLES, years=YEARS, seed=SEED, out=out, defects=DEFECTS)
        log.rows(sum(made.files.values()), f"in {len(made.files)} files")
