"""Excel workbooks: one sheet, every row with its number in it, errors of formulas told from empty cells."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from pipelines.errors import InputError, nearest
from pipelines.landing.alike import alike
from pipelines.landing.mapping import FileMapping
from pipelines.landing.reading.chunks import ROW, Chunk, malformed
from pipelines.landing.reading.error_cells import MARK, marked_errors
from pipelines.landing.reading.names import settled

if TYPE_CHECKING:
    from fastexcel import ExcelReader

CHUNK_ROWS: Final = 100_000
_SHEET: Final = re.compile(r"xl/worksheets/[^/]+\.xml$", re.IGNORECASE)
_PLACE: Final = re.compile(rb"""[ \t\r\n]r=["']([A-Za-z]{1,3})([0-9]{1,7})["']""")
_DAMAGE: Final = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError)
_LONGEST_PLACE: Final = 16
_BLOCK: Final = 4_000_000
_MOST_CELLS: Final = 60_000_000
"""Of a sheet: a million rows of sixty columns."""
_MOST_BYTES: Final = 1_000_000_000
# Text of a number with a fraction; with a point, sixteen digits or more have this length.
_LONG_FRACTION: Final = r"^-?[0-9]+\.[0-9]+$"
_LONG_NUMBER: Final = 17
# What calamine calls the errors of cells.
_ERRORS: Final = {
    "Div0": "#DIV/0!",
    "NA": "#N/A",
    "Name": "#NAME?",
    "Null": "#NULL!",
    "Num": "#NUM!",
    "Ref": "#REF!",
    "Value": "#VALUE!",
    "GettingData": "#GETTING_DATA",
}
_ERROR: Final = re.compile(r"Error\((\w+)\)")
_ERROR_CELL: Final = re.compile(
    rb"""(<(?:\w+:)?c\b[^>]*?\bt=)(?:"e"|'e')([^>]*>(?:<(?:\w+:)?f\b[^>]*/>|<(?:\w+:)?f\b.*?</(?:\w+:)?f>)?<(?:\w+:)?v>)""",
    re.DOTALL,
)


def read_excel(path: Path, how: FileMapping, remarks: list[str]) -> Iterator[Chunk]:
    """Rows of a workbook's sheet: the one that the mapping names, else the first that is not hidden.

    Cells that hold an error are told apart from empty ones. Rows without a single value are left out.

    Raises:
        InputError: no workbook, no such sheet, no header, or a column that is missing or stands twice.
    """
    import fastexcel

    _hold_to_size(path)
    try:
        book = fastexcel.read_excel(path)
        name = _chosen_sheet(path, book, how, remarks)
        sheet = _load(path, book, name)
        cells = _cells(sheet)
    except fastexcel.FastExcelError as error:
        reason = " ".join(str(error).split())[:160]
        raise InputError(path.name, expected="an Excel workbook", found=reason) from None
    if cells.width:
        there = pl.any_horizontal(pl.all().str.strip_chars().fill_null("") != "")
        numbers = pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias(ROW)
        cells = cells.select(numbers, pl.all()).filter(cells.select(there).to_series())
    if cells.is_empty():
        raise InputError(path.name, expected="a header and rows", found=f"nothing in sheet '{name}'")
    header = [(text or "").strip() for text in cells.drop(ROW).row(0)]
    names = settled(path.name, how.inputs(), header, remarks)
    rows = cells.slice(1).rename(dict(zip(cells.columns, [ROW, *names], strict=True)))
    numeric = _number_columns(book, name, rows, header_at=cells[ROW][0], how=how)
    # A workbook can only be read whole; its sheets end at about a million rows.
    for offset in range(0, max(rows.height, 1), CHUNK_ROWS):
        part, errors = marked_errors(rows.slice(offset, CHUNK_ROWS), how)
        yield Chunk(_with_numbers(part, numeric), malformed(), errors)


def _hold_to_size(path: Path) -> None:
    """Refuse what no sheet can be: an archive that unpacks to more than memory should take."""
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(part.file_size for part in archive.infolist())
    except (zipfile.BadZipFile, OSError) as error:
        raise InputError(path.name, expected="an Excel workbook", found=str(error)) from None
    if size > _MOST_BYTES:
        raise InputError(
            path.name,
            expected=f"a workbook of at most {_MOST_BYTES / 1e9:.0f} GB when it is unpacked",
            found=f"{size / 1e9:.1f} GB",
        )
    with as_workbook(path):
        _hold_to_dimensions(path)


@contextmanager
def as_workbook(path: Path) -> Iterator[None]:
    """What the archive of a workbook raises when it is damaged, as one line."""
    try:
        yield
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        RuntimeError,
        LookupError,
    ) as error:
        reason = " ".join(str(error).split())[:160]
        raise InputError(path.name, expected="an Excel workbook", found=f"a damaged one ({reason})") from None


def _hold_to_dimensions(path: Path) -> None:
    """Refuse a sheet whose cells lie too far apart for a reader that fills what lies between.

    What a sheet says of its own size is not believed: the places of its cells are read.
    """
    with zipfile.ZipFile(path) as archive:
        for part in archive.infolist():
            if not _SHEET.match(part.filename):
                continue
            rows = columns = 0
            for place in _places(archive, part):
                columns = max(columns, _column_number(place[1]))
                rows = max(rows, int(place[2]))
            if rows * columns > _MOST_CELLS:
                raise InputError(
                    path.name,
                    expected=f"sheets of at most {_MOST_CELLS:,} cells, empty ones between counted",
                    found=f"{rows:,} rows by {columns:,} columns; is there a cell far from the others?",
                )


def _places(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> Iterator[re.Match[bytes]]:
    """Places of the cells of a sheet, read in blocks that share what a place may be cut into."""
    kept = b""
    with archive.open(part) as stream:
        while block := stream.read(_BLOCK):
            text = kept + block
            yield from _PLACE.finditer(text)
            kept = text[-_LONGEST_PLACE:]


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def _chosen_sheet(path: Path, book: ExcelReader, how: FileMapping, remarks: list[str]) -> str:
    """The sheet that is read; what is left unread is said."""
    names: list[str] = book.sheet_names
    hidden = _hidden_sheets(path, book)
    if how.sheet is not None:
        found = [n for n in names if n == how.sheet] or [n for n in names if alike(n) == alike(how.sheet)]
        if len(found) != 1:
            what = nearest(how.sheet, names) if not found else f"several that look alike: {', '.join(found)}"
            raise InputError(path.name, expected=f"a sheet '{how.sheet}'", found=what)
    else:
        found = [n for n in names if n not in hidden]
        if not found:
            shown = ", ".join(f"'{n}'" for n in names)
            raise InputError(
                path.name,
                expected="a sheet that can be seen, or one that the mapping names with sheet:",
                found=f"hidden ones alone: {shown}" if names else "no sheet",
            )
    others = [f"'{n}'" + (" (hidden)" if n in hidden else "") for n in names if n != found[0]]
    if others or found[0] in hidden:
        shown = f"sheet '{found[0]}'" + (" (hidden)" if found[0] in hidden else "")
        remarks.append(f"{shown} was read" + (f", not {', '.join(others)}" if others else ""))
    return found[0]


def _hidden_sheets(path: Path, book: ExcelReader) -> set[str]:
    """Sheets that are hidden, or so hidden that no menu shows them."""
    from openpyxl.reader.excel import ExcelReader as Workbook

    try:
        # The list of sheets alone: with fastexcel every sheet has to be read to know whether it can be seen.
        workbook = Workbook(path, read_only=True, keep_links=False)
        workbook.read_manifest()
        workbook.read_workbook()
        return {sheet.name for sheet, _ in workbook.parser.find_sheets() if sheet.state != "visible"}
    except Exception:
        sheets = {name: book.load_sheet(name, header_row=None, n_rows=1) for name in book.sheet_names}
        return {name for name, sheet in sheets.items() if sheet.visible != "visible"}


def _load(path: Path, book: ExcelReader, name: str) -> Any:
    import fastexcel

    # Rows above the first that holds anything are counted, so that a row has its number in the sheet.
    how: dict[str, Any] = {"header_row": None, "skip_rows": 0, "dtypes": "string"}
    try:
        return book.load_sheet(name, **how)
    except fastexcel.FastExcelError as error:
        if "cell error value" not in str(error):
            raise
    return fastexcel.read_excel(_with_errors_as_text(path)).load_sheet(name, **how)


def _with_errors_as_text(path: Path) -> bytes:
    """The workbook with its error cells as texts, for errors newer than the reader (#SPILL!, #CALC!)."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(path) as before,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as after,
    ):
        for part in before.infolist():
            content = before.read(part)
            if part.filename.startswith("xl/worksheets/"):
                content = _ERROR_CELL.sub(rb'\1"str"\2' + MARK.encode(), content)
            after.writestr(part.filename, content)
    return buffer.getvalue()


def _cells(sheet: Any) -> pl.DataFrame:
    """Cells as text, errors marked and by their names; the reader itself gives them as empty cells."""
    batch, errors = sheet.to_arrow_with_errors()
    cells = pl.DataFrame(batch)
    cells = cells.with_columns(_shortest(pl.col(name)).alias(name) for name in cells.columns)
    if errors is None:
        return cells
    found = pl.DataFrame(
        [(*error.offset_position, MARK + _named(error.detail)) for error in errors.errors],
        schema={"row": pl.UInt32, "column": pl.Int64, "name": pl.String},
        orient="row",
    )
    columns: Sequence[str] = cells.columns
    for (position,), those in found.partition_by("column", as_dict=True).items():
        column = cells[columns[int(str(position))]]
        cells = cells.with_columns(column.scatter(those["row"], those["name"]))
    return cells


def _shortest(text: pl.Expr) -> pl.Expr:
    """Numbers as the shortest decimals that give the same number back: 9999999.985, not 9999999.984999999.

    A workbook keeps sixteen or seventeen digits of a number whose author sees the shorter one.
    """
    is_long = text.str.contains(_LONG_FRACTION) & (text.str.len_bytes() >= _LONG_NUMBER)
    number = pl.when(is_long).then(text).cast(pl.Float64, strict=False)
    return pl.coalesce(number.cast(pl.String), text)


def _number_columns(
    book: ExcelReader, name: str, rows: pl.DataFrame, *, header_at: int, how: FileMapping
) -> list[str]:
    """Columns whose cells are numbers alone, where the file's separators would read their text otherwise.

    A number in a cell has no separators: 1.234 must not become 1234 because the workbook's texts have a
    point between thousands.
    """
    import fastexcel

    if how.decimal == "." and how.thousands is None:
        return []
    try:
        sheet = book.load_sheet(name, header_row=None, skip_rows=header_at, schema_sample_rows=None)
        kinds = [column.dtype for column in sheet.available_columns()]
    except fastexcel.FastExcelError:
        return []
    names = [n for n in rows.columns if n != ROW]
    return [n for n, kind in zip(names, kinds, strict=False) if kind == "float"]


def _with_numbers(part: pl.DataFrame, numeric: list[str]) -> pl.DataFrame:
    """The same rows with these columns as numbers, as far as every value of them is one."""
    made = part.select(pl.col(numeric).cast(pl.Float64, strict=False))
    whole = [n for n in numeric if made[n].null_count() == part[n].null_count()]
    return part.with_columns(made.select(whole))


def _named(detail: str) -> str:
    told = _ERROR.search(detail)
    return _ERRORS.get(told[1], f"#{told[1].upper()}!") if told else "#UNREADABLE!"
