"""The secret of the pseudonyms: made whole, long enough, and the same for everything a client has landed.

Under another key a vehicle of this delivery is none of the vehicles of earlier ones, and under an empty or
short one its pseudonym can be guessed. So a key is checked whenever it is read, and its fingerprint is kept
beside the ledger.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from functools import cache
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final

from pipelines.errors import InputError
from pipelines.files import write_atomically

LEAST_LENGTH: Final = 32
"""Characters of a key: 128 bits in hexadecimal."""
SETTING: Final = "RATEWRIGHT_PSEUDONYM_KEY"
FINGERPRINT: Final = "pseudonym.fingerprint"


def pseudonym_key(given: str | None, path: Path) -> str:
    """The key that is given, else the one kept in a file, which is made on first use for its owner alone.

    Args:
        given: the setting, if there is one.
        path: where the key is kept.

    Raises:
        InputError: the key is shorter than `LEAST_LENGTH` or repeats few characters.
    """
    if given is not None:
        return _checked(given.strip(), SETTING, "set a longer one, or none: one is then made and kept")
    if not path.exists():
        _make(path)
    kept = path.read_bytes().decode("ascii", errors="replace").strip()
    return _checked(kept, str(path), "restore it from a backup; if nothing has landed yet, delete it")


def hold_to_fingerprint(ledger: Path, key: str, *, has_landed: bool) -> None:
    """Refuse a key that is not the one under which a client's deliveries have landed.

    Args:
        ledger: the client's ledger folder, which keeps the fingerprint.
        key: the key.
        has_landed: whether anything has; the first landing settles the key.

    Raises:
        InputError: the key is another one.
    """
    path = ledger / FINGERPRINT
    if has_landed and path.exists() and path.read_bytes().strip() != _fingerprint(key):
        raise InputError(
            SETTING,
            expected=f"the key under which deliveries of {ledger.name} have landed",
            found="another one, under which known vehicles would be new ones; restore the key, or move the "
            "client's folders in lake, ledger, quarantine and held away and land the deliveries again",
        )


def keep_fingerprint(ledger: Path, key: str) -> None:
    """Note the key under which deliveries have landed."""
    found = _fingerprint(key)
    path = ledger / FINGERPRINT
    if not path.exists() or path.read_bytes().strip() != found:
        write_atomically(path, found + b"\n")


def _make(path: Path) -> None:
    """A new key, there whole or not at all; of several processes that make one, the first counts."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # A temporary file is readable by its owner only, and so is what it is linked to.
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.") as stream:
        stream.write(secrets.token_hex(LEAST_LENGTH).encode())
        stream.flush()
        os.fsync(stream.fileno())
        try:
            os.link(stream.name, path)
        except FileExistsError:
            return


def _checked(key: str, where: str, what_to_do: str) -> str:
    if len(key) < LEAST_LENGTH or len(set(key)) < LEAST_LENGTH // 4:
        raise InputError(
            where,
            expected=f"a secret of at least {LEAST_LENGTH} characters, {LEAST_LENGTH // 4} of them different",
            found=f"{len(key)} characters, {len(set(key))} different; {what_to_do}",
        )
    return key


@cache
def _fingerprint(key: str) -> bytes:
    # Slow on purpose: whoever reads the fingerprint should not be able to try keys.
    found = hashlib.scrypt(key.encode(), salt=b"ratewright pseudonyms", n=2**14, r=8, p=1)
    return found.hex()[:LEAST_LENGTH].encode()
