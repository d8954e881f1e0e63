"""Style sheet of the model report: figures in pairs, and numbers that stay folded in print."""

from __future__ import annotations

from pipelines.pricing.page.style import BASE

STYLE = (
    BASE
    + """
td.watch{background:#fdf0d5} td.shifted{background:#f8cfae;font-weight:600}
.pair{display:grid;grid-auto-flow:dense;grid-template-columns:repeat(2,minmax(0,1fr));gap:0 1rem}
.pair .full{grid-column:1/-1}
@media (max-width:1000px){nav ol ol{display:none} .pair{display:block}}
@media print{details{display:none} .experience{break-inside:avoid} .covers+.covers{break-before:page}
.experience svg{max-width:86%} .pair{display:grid}}
"""
)
