"""The pricing pack: one page that a pricing committee reads, prints and signs."""

from __future__ import annotations

from pipelines.pricing.pack.document import pack_html

__all__ = ["pack_html"]
