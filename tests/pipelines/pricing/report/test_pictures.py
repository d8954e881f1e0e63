"""Pictures for the run's page: few, small, the same bytes, and only of what there is."""

from __future__ import annotations

from pipelines.pricing.forecasting.forecast import Forecast
from pipelines.pricing.report import forecast_plots

PNG = b"\x89PNG\r\n\x1a\n"


def test_there_are_four_small_pictures(full: Forecast) -> None:
    pictures = forecast_plots(full)
    assert list(pictures) == ["lift", "development", "trends", "actual_over_expected"]
    assert all(data.startswith(PNG) and 5_000 < len(data) < 150_000 for data in pictures.values())


def test_the_same_forecast_gives_the_same_bytes(sparse: Forecast) -> None:
    assert forecast_plots(sparse) == forecast_plots(sparse)


def test_what_cannot_be_shown_is_left_out(sparse: Forecast) -> None:
    assert "development" not in forecast_plots(sparse)
    assert forecast_plots(Forecast({}, {"theft": "no claims"}, {}, None)) == {}
