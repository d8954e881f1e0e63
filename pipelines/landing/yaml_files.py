"""YAML that somebody else wrote: every key once, no depth without end, and one line for what is wrong."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Any, Final

import yaml

from pipelines.errors import InputError

LARGEST: Final = 5_000_000
"""Bytes of a mapping; the longest real one has 20,000."""
DEEPEST: Final = 60
"""Levels of nesting; a mapping has eight."""


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader; it takes the last of two keys in silence, and this one takes neither."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [
            (key.value, key.start_mark.line + 1) for key, _ in node.value if isinstance(key, yaml.ScalarNode)
        ]
        first: dict[str, int] = {}
        for key, line in keys:
            if key in first:
                raise yaml.YAMLError(f"key '{key}' stands twice, in lines {first[key]} and {line}")
            first[key] = line
        return super().construct_mapping(node, deep=deep)


def load_yaml(path: Path) -> dict[str, Any]:
    """A YAML file whose content is a mapping of keys.

    Raises:
        InputError: no such file, none that can be read, no YAML, a key twice, or nested beyond reason.
    """
    document = _document(path)
    if not isinstance(document, dict):
        raise InputError(str(path), expected="a YAML mapping with keys", found=type(document).__name__)
    return document


def _document(path: Path) -> Any:
    try:
        if path.exists() and not path.is_file():
            raise InputError(str(path), expected="a mapping file", found="a folder or a device")
        size = path.stat().st_size
        if size > LARGEST:
            raise InputError(str(path), expected=f"a mapping of at most {LARGEST:,} bytes", found=f"{size:,}")
        # Composed letters, as the readers hand them on: an accent is one code, however it was typed.
        text = unicodedata.normalize("NFC", path.read_text(encoding="utf-8"))
        _hold_depth(path, text)
        return yaml.load(text, _Loader)  # noqa: S506 - a safe loader
    except FileNotFoundError:
        raise InputError(str(path), expected="a mapping file", found="no such file") from None
    except OSError as error:
        raise InputError(str(path), expected="a mapping file", found=error.strerror or "none") from None
    except RecursionError:
        raise InputError(str(path), expected="a YAML mapping", found="one that holds itself") from None
    # A day like 2025-13-45 or a number of 5,000 digits is a ValueError of Python's own.
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        reason = " ".join(str(error).split())
        raise InputError(str(path), expected="a YAML mapping", found=reason[:300]) from None


def _hold_depth(path: Path, text: str) -> None:
    """Count how deep a document goes before it is built: building goes as deep as it says."""
    depth = 0
    for event in yaml.parse(text, yaml.SafeLoader):
        if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            depth += 1
            if depth > DEEPEST:
                line = event.start_mark.line + 1 if event.start_mark else 1
                raise InputError(
                    str(path), expected=f"at most {DEEPEST} levels", found=f"more, from line {line} on"
                )
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            depth -= 1
