"""Errors of publication."""

from __future__ import annotations

from pipelines.errors import RunError


class PublicationError(RunError):
    """A version that cannot be published, found or trusted."""


class EarlierVersionError(PublicationError):
    """A version that an earlier Ratewright wrote; `lacking` says what it does not have."""

    def __init__(self, lacking: str) -> None:
        super().__init__(
            f"the version was written by an earlier version of Ratewright, without {lacking}: move "
            "published/rate_tables and rates away and run again"
        )
