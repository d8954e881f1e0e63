"""Files that are either there, whole, or not there at all."""

from __future__ import annotations

import glob
import hashlib
import io
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl


def write_atomically(path: Path, content: bytes) -> None:
    """Write next to the target, then rename over it; what a killed process left there is cleared away."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _clear_dead(path)
    prefix = f".{path.name}.{os.getpid()}-"
    with NamedTemporaryFile(dir=path.parent, prefix=prefix, delete=False) as stream:
        try:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        except BaseException:
            Path(stream.name).unlink(missing_ok=True)
            raise
    # A temporary file is private; what replaces it should have the permissions any new file has.
    mask = os.umask(0)
    os.umask(mask)
    Path(stream.name).chmod(0o666 & ~mask)
    Path(stream.name).replace(path)


def _clear_dead(path: Path) -> None:
    """Remove temporary files of processes that are gone, and of this one, which writes one at a time."""
    for stale in path.parent.glob(f".{glob.escape(path.name)}.*-*"):
        pid = stale.name.removeprefix(f".{path.name}.").partition("-")[0]
        if pid.isdigit() and (int(pid) == os.getpid() or not _is_alive(int(pid))):
            stale.unlink(missing_ok=True)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def write_folder_atomically(target: Path, content: Mapping[str, bytes]) -> None:
    """Write a new folder of files beside its place, then rename it into it.

    Args:
        target: the folder, which must not exist.
        content: files by name.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = target.with_name(f".{target.name}.{os.getpid()}")
    scratch.mkdir()
    try:
        for name, data in content.items():
            with (scratch / name).open("wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
        scratch.rename(target)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def write_folder_once(target: Path, content: Mapping[str, bytes]) -> bool:
    """Write a folder unless it stands already, once what a killed run left of it is gone.

    Returns:
        Whether it was written.
    """
    sweep(target)
    if target.exists():
        return False
    write_folder_atomically(target, content)
    return True


def content_hashes(content: Mapping[str, bytes]) -> dict[str, str]:
    """SHA-256 of the content of files, by name."""
    return {name: hashlib.sha256(data).hexdigest() for name, data in sorted(content.items())}


def parquet_bytes(frame: pl.DataFrame) -> bytes:
    """A frame as a Parquet file."""
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="zstd")
    return buffer.getvalue()


def sweep(target: Path) -> None:
    """Remove what a killed run left of a folder or a file it was writing."""
    for stale in target.parent.glob(f".{target.name}.*"):
        if stale.is_dir():
            shutil.rmtree(stale, ignore_errors=True)
        else:
            stale.unlink(missing_ok=True)
