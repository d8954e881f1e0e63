"""Large losses: nothing lost, to the cent."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models_ml.actuarial.large_loss import cap_losses, severity_cap
from models_ml.errors import BadColumnError, ModellingError, NoClaimsError, NoExposureError


def of(amounts: list[float | Decimal | None], **more: list[float]) -> pl.DataFrame:
    return pl.DataFrame({"amount": amounts, **more})


money = st.decimals(min_value=-9_999, max_value=9_999_999, places=2)


@given(st.lists(money, min_size=1, max_size=40), st.decimals(min_value="0.01", max_value=10_000, places=2))
def test_capped_and_excess_are_the_total_to_the_cent(amounts: list[Decimal], cap: Decimal) -> None:
    frame = pl.DataFrame({"amount": pl.Series(amounts, dtype=pl.Decimal(18, 2))})
    if sum(min(amount, cap) for amount in amounts) <= 0:
        with pytest.raises(NoClaimsError):
            cap_losses("glass", frame, cap)
        return
    found = cap_losses("glass", frame, cap)
    assert found.capped + found.excess == sum(amounts)
    assert found.claims["capped"].to_list() == [min(amount, cap) for amount in amounts]
    assert (found.claims["capped"] + found.claims["excess"]).to_list() == amounts
    assert found.claims["capped"].dtype == pl.Decimal(18, 2)


def test_doubles_are_taken_to_the_cent_first() -> None:
    found = cap_losses("glass", of([0.29, 0.2, 1.0049, 70.0]), Decimal("50"))
    assert (found.capped, found.excess, found.count) == (Decimal("51.49"), Decimal("20.00"), 1)


def test_the_excess_comes_back_as_a_factor_or_per_exposure() -> None:
    found = cap_losses("glass", of([100.0, 300.0, 1_600.0]), Decimal("600"))
    assert found.capped * Decimal(found.loading) == pytest.approx(Decimal(2_000))
    assert found.per_exposure(50.0) == 20.0
    with pytest.raises(NoExposureError, match="glass"):
        found.per_exposure(0.0)


def test_the_cap_is_the_claim_that_its_share_does_not_exceed() -> None:
    claims = of([float(n) for n in range(1, 101)])
    for quantile in (0.01, 0.5, 0.99, 1.0):
        expected = np.quantile(np.arange(1, 101), quantile, method="inverted_cdf")
        assert severity_cap("glass", claims, quantile) == Decimal(int(expected))


def test_weights_count_a_claim_as_often_as_they_say() -> None:
    claims = of([10.0, 20.0, 30.0], years=[1.0, 1.0, 8.0])
    assert severity_cap("glass", claims, 0.5) == 20
    assert severity_cap("glass", claims, 0.5, "years") == 30
    with pytest.raises(BadColumnError, match="'years' is nought"):
        severity_cap("glass", claims.with_columns(years=0.0), 0.5, "years")


def test_recoveries_are_no_severities_and_stay_whole() -> None:
    claims = of([-500.0, 0.0, 10.0, 20.0])
    assert severity_cap("glass", claims, 0.5) == 10
    assert cap_losses("glass", of([-5.0, 10.0, 90.0]), Decimal(10)).claims["excess"].to_list() == [0, 0, 80]


@pytest.mark.parametrize("amounts", [[-5.0, -1.0], [0.0], []])
def test_a_cover_with_recoveries_alone_is_refused_by_name(amounts: list[float]) -> None:
    frame = pl.DataFrame({"amount": pl.Series(amounts, dtype=pl.Float64)})
    with pytest.raises(NoClaimsError, match="cover glass: no claim is above zero"):
        severity_cap("glass", frame, 0.99)
    with pytest.raises(NoClaimsError, match="cover glass: capped claims sum to nothing"):
        cap_losses("glass", frame, Decimal(1))


def test_what_cannot_be_is_refused() -> None:
    for bad in (float("nan"), float("inf"), None):
        with pytest.raises(BadColumnError, match=r"column 'amount' is .* in row 1"):
            severity_cap("glass", of([1.0, bad]), 0.5)
    for quantile in (0.0, 1.1):
        with pytest.raises(ModellingError, match="quantile"):
            severity_cap("glass", of([1.0]), quantile)
    with pytest.raises(ModellingError, match="cap of 0"):
        cap_losses("glass", of([1.0]), Decimal(0))
