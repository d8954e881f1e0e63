"""One line of the log: who did what to which version, when and why, chained to the line before."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, SerializerFunctionWrapHandler, model_serializer

from pipelines.landing.alike import alike
from pipelines.pricing.versions.manifest import Change, Override, without_empty
from pipelines.pricing.workflow.errors import WorkflowError

NOTHING_BEFORE = "0" * 64


class Action(StrEnum):
    """What can be done to a version."""

    DRAFT = "draft"
    EDIT = "edit"
    SUBMIT = "submit"
    APPROVE = "approve"
    REJECT = "reject"
    PUBLISH = "publish"
    WITHDRAW = "withdraw"


class Drafted(BaseModel):
    """What is said of a version once, when it is drafted; the hash of its manifest seals its files."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rating_year: int
    effective_from: dt.date
    effective_to: dt.date
    manifest_sha256: str
    parent: str | None = None
    changes: tuple[Change, ...] = ()
    overrides: tuple[Override, ...] = ()

    @model_serializer(mode="wrap")
    def _plain(self, plain: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return without_empty(plain(self), "overrides")


class Entry(BaseModel):
    """What is to be recorded, before it has a place in the chain.

    `login` is the account of the operating system, whoever `who` says they are. `automatic` marks what a
    rule did, not a person. `drafted` belongs to draft and edit, `replaces` to publish, `accepts_overrides` to
    approve: who approves has seen every value that breaks the plan.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: dt.datetime
    who: str
    login: str
    action: Action
    version: str
    reason: str = ""
    automatic: bool = False
    drafted: Drafted | None = None
    replaces: tuple[str, ...] = ()
    accepts_overrides: bool = False

    @model_serializer(mode="wrap")
    def _plain(self, plain: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return without_empty(plain(self), "accepts_overrides", "counted")


class Record(Entry):
    """An entry in its place: `previous` is the hash of the line before, `hash` that of this one.

    `counted` says that number and hash of the last line are kept beside the log as well.
    """

    counted: bool = False
    number: int
    previous: str
    hash: str

    @classmethod
    def after(cls, before: Record | None, entry: Entry) -> Record:
        """The entry as the line after `before`."""
        placed = {
            **entry.model_dump(),
            "counted": True,
            "number": before.number + 1 if before else 1,
            "previous": before.hash if before else NOTHING_BEFORE,
        }
        unsealed = cls.model_validate({**placed, "hash": ""})
        return unsealed.model_copy(update={"hash": unsealed.own_hash()})

    def own_hash(self) -> str:
        """SHA-256 of everything the line says, its link to the line before included."""
        return hashlib.sha256(_text(self.model_dump(mode="json", exclude={"hash"})).encode()).hexdigest()

    def line(self) -> str:
        """The record as one line of JSON in ASCII, with its line break: no text of a user is another."""
        return json.dumps(self.model_dump(mode="json"), sort_keys=True) + "\n"


def _text(values: dict[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=False, sort_keys=True)


def legible(text: str, what: str) -> str:
    """A text that a file can hold and a reader sees.

    Raises:
        WorkflowError: it holds half a character (a surrogate), or nothing that can be seen.
    """
    if broken := next((c for c in text if "\ud800" <= c <= "\udfff"), ""):
        raise WorkflowError(f"{what} holds U+{ord(broken):04X}, half a character: write it anew")
    if text.strip() and not alike(text):
        raise WorkflowError(f"{what} holds characters that nobody sees, and nothing else: write it anew")
    return text
