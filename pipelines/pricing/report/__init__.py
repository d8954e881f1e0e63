"""The model report: a page that works offline, every figure as JSON, and a few pictures for the run's log."""

from __future__ import annotations

from pipelines.pricing.report.document import ReportHead, report_html
from pipelines.pricing.report.pictures import forecast_plots
from pipelines.pricing.report.record import evaluation_json

__all__ = ["ReportHead", "evaluation_json", "forecast_plots", "report_html"]
