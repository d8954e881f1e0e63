"""Published rate tables: immutable, versioned folders that appear whole or not at all.

`<published>/rate_tables/<year>/<version>/` is written beside its place and renamed into it; the pointer
`<client>.latest` is swapped by a rename as well. Readers need no lock.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipelines.files import sweep, write_atomically, write_folder_atomically
from pipelines.pricing.errors import PublicationError
from pipelines.pricing.manifest import Manifest

MANIFEST = "manifest.json"
FORMATS = {"xlsx": "rate_table.xlsx", "csv": "rate_table.csv", "parquet": "rate_table.parquet"}


@dataclass(frozen=True)
class Version:
    """A published version."""

    name: str
    year: int
    client: str
    path: Path
    latest: bool


def publish(root: Path, manifest: Manifest, files: Mapping[str, bytes]) -> tuple[Version, bool]:
    """Publish a version; one that stands already is compared, never rewritten.

    Returns:
        The version, and whether it is new.

    Raises:
        PublicationError: the version stands already with other content.
    """
    name = manifest.version()
    year_folder = root / "rate_tables" / str(manifest.rating_year)
    target = year_folder / name
    hashes = {n: hashlib.sha256(content).hexdigest() for n, content in sorted(files.items())}
    sealed = manifest.model_copy(update={"files": hashes})
    content = {**files, MANIFEST: sealed.canonical()}
    sweep(target)
    created = not target.exists()
    if created:
        write_folder_atomically(target, content)
    else:
        _compare(target, content)
    write_atomically(year_folder / f"{manifest.client}.latest", f"{name}\n".encode())
    return Version(name, manifest.rating_year, manifest.client, target, latest=True), created


def _compare(target: Path, content: Mapping[str, bytes]) -> None:
    for name, data in content.items():
        path = target / name
        if not path.exists() or path.read_bytes() != data:
            raise PublicationError(
                f"{target.name}: {name} stands published with other content; a version is never rewritten"
            )


def versions(root: Path) -> Iterator[Version]:
    """Every published version, by year and name."""
    for manifest_path in sorted((root / "rate_tables").glob("*/[!.]*/manifest.json")):
        path = manifest_path.parent
        manifest = Manifest.model_validate_json(manifest_path.read_text(encoding="utf-8"))
        pointer = path.parent / f"{manifest.client}.latest"
        latest = pointer.exists() and pointer.read_text(encoding="utf-8").strip() == path.name
        yield Version(path.name, manifest.rating_year, manifest.client, path, latest)


def find(root: Path, year: int, client: str | None = None) -> Version:
    """The latest version of a year.

    Raises:
        PublicationError: there is none, or several clients have one and none was named.
    """
    found = [v for v in versions(root) if v.year == year and v.latest]
    named = [v for v in found if client in (None, v.client)]
    if not named:
        known = ", ".join(f"{v.year} {v.client}" for v in versions(root) if v.latest) or "none"
        wanted = f"{year} of {client}" if client else str(year)
        raise PublicationError(f"no rate table is published for {wanted}; published: {known}")
    if len(named) > 1:
        clients = ", ".join(v.client for v in named)
        raise PublicationError(f"{year} has tables of several clients ({clients}): name one")
    return named[0]


def pull(version: Version, file_format: str, out: Path) -> Path:
    """Copy one file of a version to `out`, a file or a folder, after checking its hash.

    Raises:
        PublicationError: the file is not what the manifest says, so it has been changed.
    """
    name = FORMATS[file_format]
    manifest_text = (version.path / MANIFEST).read_text(encoding="utf-8")
    manifest = Manifest.model_validate_json(manifest_text)
    content = (version.path / name).read_bytes()
    if hashlib.sha256(content).hexdigest() != manifest.files[name]:
        raise PublicationError(f"{version.name}: {name} is not what was published; not handed out")
    target = out / f"{version.name}.{file_format}" if out.is_dir() else out
    write_atomically(target, content)
    return target
