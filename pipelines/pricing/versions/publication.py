"""Folders of versions: they appear whole or not at all, are never rewritten, nor handed out changed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pipelines.files import content_hashes, write_atomically, write_folder_once
from pipelines.pricing.errors import PublicationError
from pipelines.pricing.versions.manifest import Manifest

MANIFEST = "manifest.json"
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
            raise PublicationError(
                f"{target.name}: {name} stands already with other content; a version is never rewritten"
            )
    return False


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
