"""Style sheet of the pricing pack: tiles, charts side by side, lines to sign; everything open in print.

Marks differ by shape and line as well as by colour, so that they are told apart in black and white.
"""

from __future__ import annotations

from pipelines.pricing.page.style import BASE

LAYOUT = """
.badge{display:inline-block;border:2px solid #1F3A5F;border-radius:4px;padding:.05rem .5rem;font-weight:600}
.tiles{display:grid;grid-template-columns:repeat(auto-fill,minmax(152px,1fr));gap:.6rem;margin:1.2rem 0}
.tiles div{border:1px solid #D0D7DE;border-left:4px solid #1F3A5F;padding:.4rem .6rem;break-inside:avoid}
.tiles dt{font-size:12.5px;color:#57606A}
.tiles dd{margin:0;font-size:1.22rem;white-space:nowrap;font-weight:600;color:#1F3A5F;
font-variant-numeric:tabular-nums}
.tiles small{display:block;white-space:normal;font-size:11.5px;font-weight:400;color:#57606A;line-height:1.3}
tr.sum td{font-weight:600;background:#F3F6F9}
.charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,400px),1fr));
gap:.4rem 1.4rem;align-items:start}
figure{max-width:470px} .charts figure{margin:.5rem 0}
figcaption{font-size:13px;color:#57606A;margin-bottom:.1rem} figcaption b{color:#1F3A5F;font-size:14px}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;margin:.6rem 0;padding:0;font-size:13px}
svg.inline{display:inline-block;width:24px;height:18px;vertical-align:-4px}
.steps li{max-width:52rem;margin:.35rem 0}
code{font-size:.92em;overflow-wrap:anywhere} td{overflow-wrap:break-word}
.sign{display:grid;grid-template-columns:11rem 1fr 8rem 1fr;gap:1rem;align-items:end;margin:1.4rem 0;
break-inside:avoid}
.sign span{border-top:1px solid #1b1f24;font-size:12px;color:#57606A;padding-top:.1rem;margin-top:1.6rem}
"""

DRAWINGS = """
svg text{font:10.5px system-ui,sans-serif;fill:#1b1f24} svg text.t{fill:#57606A;font-size:10px}
svg path{fill:none} .grid{stroke:#E4E8EC} .one{stroke:#57606A} .ci{stroke:#7A869A;stroke-width:1.2}
.sel,.line1{stroke:#1F3A5F;stroke-width:1.8} .seld{fill:#1F3A5F;stroke:#fff;stroke-width:.6}
.seld.thin{fill:#6C86A8} svg .ind{stroke:#C2410C;stroke-width:1.4;fill:#fff} svg .ind.full{fill:#C2410C}
.line2{stroke:#C2410C;stroke-width:1.4;stroke-dasharray:5 3}
.raw{fill:none;stroke:#57606A}
.ly{stroke:#6D28D9;stroke-width:1;stroke-dasharray:2 3} .lym{stroke:#6D28D9;stroke-width:1.4}
.bar{fill:#C9D6E4} .bar.thin{fill:#fff;stroke:#9FB2C6;stroke-dasharray:2 2} .fill{fill:#34537c}
.fill.down{fill:#D98B5F}
"""

SCREEN = """
@media screen{th:first-child,td:first-child{position:sticky;left:0} td:first-child{background:#fff}
tr.sum td:first-child{background:#F3F6F9} tr.over th:first-child{position:static}}
@media (max-width:600px){body{margin:.6rem auto;padding:0 .8rem} h1{font-size:1.5rem}
.sign{grid-template-columns:1fr;gap:.2rem} .tiles{grid-template-columns:1fr 1fr}
td:first-child{min-width:6.2rem;max-width:44vw}
nav ol{display:flex;flex-wrap:wrap;gap:0 .9rem}}
"""

PRINT = """
@media print{p,li{break-inside:avoid} details>:not(summary){display:block}
details::details-content{content-visibility:visible;display:block;block-size:auto;opacity:1}
summary{list-style:none;font-weight:600;break-after:avoid} summary::-webkit-details-marker{display:none}
.screen{display:none} .tiles{grid-template-columns:repeat(5,1fr);gap:.3rem} .tiles dd{font-size:11pt}
.tiles dt,.tiles small{font-size:7pt} .charts{grid-template-columns:1fr 1fr;gap:.2rem 1rem}
figure{max-width:88mm} figcaption,figcaption b{font-size:8.5pt}
h2{break-before:auto;margin-top:1.6rem;break-after:avoid} h2.page{break-before:page} h1{font-size:17pt}
h2{font-size:13.5pt} h3{font-size:11pt} h4{font-size:9.5pt}
.sign span{font-size:8pt} header{border-bottom:2px solid #1F3A5F}}
"""

STYLE = BASE + LAYOUT + DRAWINGS + SCREEN + PRINT
