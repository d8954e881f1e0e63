"""Errors of publication."""

from __future__ import annotations

from pipelines.errors import RunError


class PublicationError(RunError):
    """A version that cannot be published, found or trusted."""
