"""Files that are either there, whole, or not there at all."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import NamedTemporaryFile


def write_atomically(path: Path, content: bytes) -> None:
    """Write next to the target, then rename over it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as stream:
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
