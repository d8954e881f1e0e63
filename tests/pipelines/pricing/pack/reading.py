"""A page as a reader has it: its tables, its text, what is drawn, what it asks of the outside."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

EMPTY = {"meta", "rect", "circle", "path", "br"}


@dataclass
class Table:
    """Heads of the lowest head row, and the text of every cell below."""

    heads: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)

    def row(self, name: str) -> dict[str, str]:
        """The row that begins with a name, by head; the first of heads that stand twice."""
        (cells,) = (cells for cells in self.rows if cells[0] == name)
        return dict(reversed(list(zip(self.heads, cells, strict=True))))


class Page(HTMLParser):
    """Reads a page; fails where elements do not nest."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.tables: list[Table] = []
        self.tiles: dict[str, str] = {}
        self.titles: list[str] = []
        self.figures: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.words: list[str] = []
        self._open: list[str] = []
        self._label = ""
        self.feed(content.decode())
        assert not self._open

    @property
    def text(self) -> str:
        """Everything that is read, with plain spaces."""
        return " ".join(" ".join(self.words).replace("\N{NO-BREAK SPACE}", " ").split())

    def table(self, *heads: str) -> Table:
        """The first table with these heads."""
        return next(t for t in self.tables if set(heads) <= set(t.heads))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        told = dict(attrs)
        self.links += [v or "" for k, v in attrs if k in ("href", "src", "xlink:href", "action", "data")]
        if tag == "table":
            self.tables.append(Table())
        if tag == "tr" and self.tables and self._open[-1] == "tbody":
            self.tables[-1].rows.append([])
        if tag == "tr" and self._open[-1] == "thead":
            self.tables[-1].heads = []
        if tag == "td":
            self.tables[-1].rows[-1].append("")
        if tag == "th":
            self.tables[-1].heads.append("")
        if tag == "figure":
            self.figures.append(told.get("aria-label") or "")
        if tag in ("h1", "h2", "h3"):
            self.titles.append("")
        if tag not in EMPTY:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in EMPTY:
            assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" in self._open:
            return
        self.words.append(data)
        here = self._open[-1] if self._open else ""
        told = data.replace("\N{NO-BREAK SPACE}", " ")
        if "td" in self._open:
            self.tables[-1].rows[-1][-1] += told
        elif "th" in self._open:
            self.tables[-1].heads[-1] += told
        elif here in ("h1", "h2", "h3"):
            self.titles[-1] += told
        elif here == "dt":
            self._label = told
        elif here == "dd":
            self.tiles[self._label] = told
