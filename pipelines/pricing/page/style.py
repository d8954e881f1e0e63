"""Colours, and the style sheet that every page begins with."""

from __future__ import annotations

INK, ACCENT, SOFT, MUTED = "#1F3A5F", "#C2410C", "#C9D6E4", "#57606A"
PALE = "#AEB9C6"

BASE = """
:root{color-scheme:light}
body{font:15px/1.5 system-ui,sans-serif;color:#1b1f24;background:#fff;max-width:1240px;margin:1.5rem auto;
padding:0 1rem;display:grid;grid-template-columns:170px minmax(0,1fr);column-gap:1.6rem}
h1,h2,h3,h4{color:#1F3A5F;line-height:1.2} header{grid-column:1/-1} h1{margin:.2rem 0 .4rem}
h2{margin-top:2.8rem;border-bottom:2px solid #C9D6E4;padding-bottom:.2rem}
h3{margin-top:2.2rem;font-size:1.15rem} h4{margin:1.6rem 0 .3rem;font-size:1rem}
nav{position:sticky;top:1rem;align-self:start;max-height:95vh;overflow-y:auto;font-size:13px;line-height:1.35}
nav ol{list-style:none;margin:0;padding:0} nav ol ol{padding-left:.8rem} nav li{margin:.3rem 0}
nav a{color:#57606A;text-decoration:none} nav a:hover{color:#C2410C}
.wide{overflow-x:auto;margin:.8rem 0} table{border-collapse:collapse;font-size:13px;
font-variant-numeric:tabular-nums}
th{background:#1F3A5F;color:#fff;text-align:left;font-weight:600;vertical-align:bottom}
th,td{padding:.25rem .45rem;border:1px solid #D0D7DE} td.n{text-align:right;white-space:nowrap}
th.n{text-align:right}
tr.over th{text-align:center;background:#34537c} tr.pale td{color:#8a94a0}
figure{margin:.6rem 0;break-inside:avoid} svg{max-width:100%;height:auto;display:block}
p,ul{max-width:52rem} .note{color:#57606A;font-size:14px}
details{margin:.35rem 0} summary{cursor:pointer;color:#1F3A5F;font-size:14px}
@media (max-width:1000px){body{display:block} nav{position:static;max-height:none;margin-bottom:1rem}}
@media print{@page{size:A4;margin:13mm} body{display:block;max-width:none;margin:0;padding:0;font-size:9.5pt}
nav{display:none} h2{break-before:page} h2.first{break-before:auto} h3,h4,.note{break-after:avoid}
h3{margin-top:1.2rem} h4{margin-top:.8rem} thead{display:table-header-group}
tr{break-inside:avoid} table{font-size:7.4pt} th,td{padding:.12rem .3rem}
.wide{overflow:visible} .short{break-inside:avoid}
p,ul{max-width:none} .note{font-size:8.5pt}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
"""
