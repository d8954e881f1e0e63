"""Errors of the workflow."""

from __future__ import annotations

from pipelines.errors import RunError


class WorkflowError(RunError):
    """An action that the rules do not allow, or a log that cannot be trusted."""
