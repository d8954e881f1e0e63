"""What a mapping may say of text: its encoding, what parts its columns, and how its numbers are grouped."""

from __future__ import annotations

import codecs
from typing import Final

_SAMPLE: Final = "id,amount;\t|\n1,2.5\n"
_NO_TEXT: Final = {"unicode_escape", "raw_unicode_escape", "punycode", "idna", "undefined", "utf_7", "palmos"}
"""Codecs of Python that turn text into other text, or keep nothing as it is."""


def a_text_encoding(value: str) -> str:
    """An encoding that a file of text can have.

    Raises:
        ValueError: Python knows none of that name, or it is none of text.
    """
    try:
        found = codecs.lookup(value)
        kept = _SAMPLE.encode(value).decode(value) == _SAMPLE
        if not kept or found.name.replace("-", "_") in _NO_TEXT or found.incrementaldecoder is None:
            raise LookupError
    except (LookupError, ValueError, TypeError, AttributeError, AssertionError):
        raise ValueError("an encoding of text that Python knows, such as utf-8, gb18030 or cp1252") from None
    return value


def a_delimiter(value: str) -> str:
    """What parts the columns of a CSV file.

    Raises:
        ValueError: a value could hold it, or the file's own structure does.
    """
    if len(value) != 1 or not value.isascii() or value.isalnum() or value in "\"'\r\n\0+-._ ":
        raise ValueError("one character of ASCII such as , ; | or a tab; no letter, digit, quote or blank")
    return value


def a_separator(value: str) -> str:
    """What groups the digits of a number, or parts its decimals.

    Raises:
        ValueError: it could be a digit or a sign, or is not one character.
    """
    if len(value) != 1 or value.isalnum() or value in '+-"\r\n\t\0':
        raise ValueError("one character that is no letter, digit or sign")
    return value


def a_decimal_mark(value: str) -> str:
    """What parts the decimals of a number.

    Raises:
        ValueError: see `a_separator`; or it is a blank.
    """
    if not a_separator(value).strip():
        raise ValueError("one character that is no letter, digit, sign or blank")
    return value
