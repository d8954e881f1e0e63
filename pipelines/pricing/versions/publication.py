"""Folders of versions: they appear whole or not at all, are never rewritten, nor handed out changed."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from pipelines.files import content_hashes, write_atomically, write_folder_once
from pipelines.pricing.errors import PublicationError
from pipelines.pricing.versions.manifest import Manifest
from pipelines.progress import LOGGER

MANIFEST = "manifest.json"
PAGES = ("evaluation.json", "model_report.html", "pricing_pack.html", "rate_table.xlsx")
"""Files that show what the tables and the forecast hold; no price is read from them."""
ZIP = b"PK"
_DRAWING = re.compile(rb"<svg.*?</svg>", re.DOTALL)
_DIGITS = re.compile(rb"(\d\.\d{5})\d+")
FORMATS = {"xlsx": "rate_table.xlsx", "csv": "rate_table.csv", "parquet": "rate_table.parquet"}


def seal(manifest: Manifest, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files with their manifest, which holds the hash of each."""
    sealed = manifest.model_copy(update={"files": content_hashes(files)})
    return {**files, MANIFEST: sealed.canonical()}


def keep(target: Path, content: Mapping[str, bytes]) -> bool:
    """Write a version's folder beside its place and rename it into it; one that stands is compared.

    Returns:
        Whether it is new.

    Raises:
        PublicationError: the folder stands already with other content.
    """
    if write_folder_once(target, content):
        return True
    for name, data in content.items():
        path = target / name
        if not path.exists() or path.read_bytes() != data:
            raise _stands_otherwise(target, name)
    return False


def keep_version(target: Path, content: Mapping[str, bytes]) -> dict[str, bytes]:
    """Keep a version that was made, or the one that stands if it is the same.

    It is the same when its inputs, its tables and its manifest are. Pages are drawn from them, and the last
    digit of a sum of floats depends on the order of adding: those of a version that stands stay as they are.

    Returns:
        The files that stand, each as its manifest has it.

    Raises:
        PublicationError: the version stands already with other tables or another manifest, or a file of it
            is not what was drafted.
    """
    if write_folder_once(target, content):
        return dict(content)
    found = (target / MANIFEST).read_bytes() if (target / MANIFEST).is_file() else b""
    stands = verified(target, hashlib.sha256(found).hexdigest())
    for name, data in content.items():
        same = _inputs(stands[name]) == _inputs(data) if name == MANIFEST else stands.get(name) == data
        if not same and name not in PAGES:
            raise _stands_otherwise(target, name)
    other = [name for name in PAGES if name in content and _read(stands[name]) != _read(content[name])]
    if other:
        LOGGER.warning("%s stands as drafted; this run words %s otherwise", target.name, ", ".join(other))
    return stands


def _inputs(manifest: bytes) -> Manifest:
    """What a manifest says but for the hashes of pages."""
    told = Manifest.model_validate_json(manifest)
    return told.model_copy(update={"files": {n: h for n, h in told.files.items() if n not in PAGES}})


def _read(page: bytes) -> bytes:
    """What a reader reads of a page: not its drawings, nor digits beyond the fifth decimal."""
    # Nothing is read of a workbook: its numbers are those of the tables.
    return b"" if page.startswith(ZIP) else _DIGITS.sub(rb"\1", _DRAWING.sub(b"", page))


def _stands_otherwise(target: Path, name: str) -> PublicationError:
    return PublicationError(
        f"{target.name}: {name} stands already with other content; a version is never rewritten"
    )


def verified(folder: Path, manifest_sha256: str) -> dict[str, bytes]:
    """Every file of a version, its manifest included, each as the manifest has it.

    Args:
        folder: the version.
        manifest_sha256: hash of its manifest, as the log has it.

    Raises:
        PublicationError: a file was changed, added or removed, or the manifest was.
    """
    content = {p.name: p.read_bytes() for p in sorted(folder.glob("*")) if p.is_file()}
    found = content_hashes(content)
    if found.get(MANIFEST) != manifest_sha256:
        raise _not_what_was_drafted(folder, MANIFEST)
    expected = {**Manifest.model_validate_json(content[MANIFEST]).files, MANIFEST: manifest_sha256}
    for name in sorted(expected.keys() | found.keys()):
        if found.get(name) != expected.get(name):
            raise _not_what_was_drafted(folder, name)
    return content


def hand_out(content: Mapping[str, bytes], name: str, file_format: str, out: Path) -> Path:
    """Write one file of a verified version to `out`, a file or a folder.

    Args:
        content: the version's files.
        name: what the file is called if `out` is a folder, without its ending.
        file_format: one of `FORMATS`.
        out: where to.
    """
    return write_out(content[FORMATS[file_format]], f"{name}.{file_format}", out)


def write_out(data: bytes, name: str, out: Path) -> Path:
    """Write a file to `out`, or under its name into `out` if that is a folder.

    Raises:
        PublicationError: it cannot be written.
    """
    target = out / name if out.is_dir() else out
    try:
        write_atomically(target, data)
    except OSError as error:
        raise PublicationError(f"{target}: cannot be written: {error.strerror}") from error
    return target


def _not_what_was_drafted(folder: Path, name: str) -> PublicationError:
    return PublicationError(f"{folder.name}: {name} is not what was drafted; not handed out")
