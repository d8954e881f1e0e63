"""The desk: where a client's versions are drafted, approved and put in force, one action at a time.

Below `<root>/rates/<client>/`: `log.jsonl`, and `versions/<version>/` with everything that was ever drafted;
`<root>/ledger/<client>/rates.head` says where the log ends.
Publishing copies a version to `<published>/rate_tables/<year>/<version>/`, then records it, which is when
it comes into force, then swaps the pointer `<client>.latest`. A pointer that a killed run left behind is
put right by the next action; readers who go by the log never see it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from pipelines.files import sweep, write_atomically
from pipelines.pricing.versions.manifest import Manifest
from pipelines.pricing.versions.publication import MANIFEST, keep, keep_version, seal, verified
from pipelines.pricing.workflow.errors import WorkflowError
from pipelines.pricing.workflow.log import Log
from pipelines.pricing.workflow.record import Action, Drafted, Entry, Record, legible
from pipelines.pricing.workflow.rules import Standing, State, apply, known
from pipelines.settings import Settings

PATIENCE_S = 30
FIRST_TABLE = "rule: first table of a client"
"""Who approves where a client's mapping lets its first table go in force without review."""


class Desk:
    """The versions of one client, and one person's hands on them."""

    def __init__(self, settings: Settings, client: str) -> None:
        self.client = client
        self.who, self.login = settings.person, settings.login
        self.folder = settings.rates / client
        self.tables = settings.published / "rate_tables"
        self.log = Log(self.folder / "log.jsonl", settings.ledger(client) / "rates.head")

    def standings(self) -> dict[str, Standing]:
        """Every version, in the order in which they were drafted.

        Raises:
            WorkflowError: the log, or a pointer that it does not explain, cannot be trusted.
        """
        register: dict[str, Standing] = {}
        for record in self.log.records():
            try:
                register = apply(register, record)
            except WorkflowError as error:
                raise self.log.broken(record.number, str(error)) from None
        for year, name in self._pointers().items():
            if name not in register or not register[name].was_in_force:
                raise WorkflowError(
                    f"{self.log.path}: records are missing: {name} is the published table of {year}, and the "
                    f"log never put it in force; restore the log, or move {self.tables} away and run again"
                )
        return register

    def history(self, version: str) -> list[Record]:
        """What was done to a version, or made of it."""

        def concerns(record: Record) -> bool:
            parent = record.drafted.parent if record.drafted else None
            return version in (record.version, parent, *record.replaces)

        return [record for record in self.log.records() if concerns(record)]

    def path(self, standing: Standing) -> Path:
        """Folder of a version: where it is published, if it ever was."""
        if standing.was_in_force:
            return self.tables / str(standing.rating_year) / standing.version
        return self.folder / "versions" / standing.version

    def files(self, standing: Standing) -> dict[str, bytes]:
        """Content of a version, every byte as it was drafted.

        Raises:
            PublicationError: a file was changed, added or removed.
        """
        return verified(self.path(standing), standing.manifest_sha256)

    def draft(
        self, manifest: Manifest, files: Mapping[str, bytes], action: Action = Action.DRAFT, reason: str = ""
    ) -> tuple[Standing, bool]:
        """Keep a new version as a draft; one that stands already is compared, never rewritten.

        What is drawn for readers may differ in digits that nobody sees; see `keep_version`.

        Returns:
            Its standing, and whether it is new.

        Raises:
            WorkflowError: the version it is an edit of is not a draft.
            PublicationError: the version stands already with other tables, or is not what was drafted.
        """
        name = manifest.version()
        content = seal(manifest, files)
        with self._alone() as register:
            stands = register.get(name)
            if stands is not None:
                keep_version(self.path(stands), content)
                self.files(stands)
                return stands, False
            entry = self._entry(action, name, reason)
            # The rules are asked before anything is written, the log has what then stands.
            apply(register, entry.model_copy(update={"drafted": _said(manifest, content)}))
            kept = keep_version(self.folder / "versions" / name, content)
            entry = entry.model_copy(update={"drafted": _said(manifest, kept)})
            return self._commit(register, entry)[name], True

    def act(
        self, action: Action, version: str, reason: str = "", *, accepts_overrides: bool = False
    ) -> Standing:
        """Submit, approve, reject or withdraw a version.

        Args:
            action: what is done.
            version: its name.
            reason: why, for the log.
            accepts_overrides: who approves has seen the values that break the plan.

        Raises:
            WorkflowError: the rules do not allow it.
            PublicationError: its files are not what was drafted.
        """
        with self._alone() as register:
            accepts = {"accepts_overrides": accepts_overrides}
            entry = self._entry(action, version, reason).model_copy(update=accepts)
            apply(register, entry)
            if action in (Action.SUBMIT, Action.APPROVE):
                self.files(register[version])
            return self._commit(register, entry)[version]

    def publish(self, version: str, replaces: tuple[str, ...] = (), reason: str = "") -> Standing:
        """Put an approved version in force; one that is in force already stays so.

        Args:
            version: its name.
            replaces: versions in force on days of this one, which it ends.
            reason: why, for the log.

        Raises:
            WorkflowError: it is not approved, or its days overlap another version's that is not replaced.
            PublicationError: its files are not what was drafted.
        """
        with self._alone() as register:
            if known(register, version).state is State.IN_FORCE:
                return register[version]
            entry = self._entry(Action.PUBLISH, version, reason).model_copy(update={"replaces": replaces})
            return self._in_force(register, entry)

    def first_table(self, version: str) -> Standing:
        """Put the first table of a client in force by rule; the log says that no person approved it.

        Raises:
            WorkflowError: it is not the first that was drafted.
        """
        with self._alone() as register:
            by_rule = {"who": FIRST_TABLE, "automatic": True}
            entry = self._entry(Action.PUBLISH, version, "").model_copy(update=by_rule)
            return self._in_force(register, entry)

    def _in_force(self, register: Mapping[str, Standing], entry: Entry) -> Standing:
        apply(register, entry)
        mine = register[entry.version]
        keep(self.tables / str(mine.rating_year) / mine.version, self.files(mine))
        return self._commit(register, entry)[entry.version]

    @contextmanager
    def _alone(self) -> Iterator[dict[str, Standing]]:
        """Hold the client's log for one action."""
        self.folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.folder / ".lock", timeout=PATIENCE_S)
        try:
            lock.acquire()
        except Timeout:
            raise WorkflowError(f"somebody else is changing the rates of {self.client}; try again") from None
        try:
            register = self.standings()
            self._recover(register)
            yield register
        finally:
            lock.release()

    def _recover(self, register: Mapping[str, Standing]) -> None:
        """Put right what a killed action left of log and pointers."""
        self.log.sweep()
        for year in self.tables.glob("[0-9]*"):
            sweep(year / f"{self.client}.latest")
        self._point(register)

    def _entry(self, action: Action, version: str, reason: str) -> Entry:
        now = dt.datetime.now(dt.UTC).replace(microsecond=0)
        return Entry(
            at=now,
            who=legible(self.who, "the name of who acts"),
            login=legible(self.login, "the name of the account"),
            action=action,
            version=version,
            reason=legible(reason.strip(), "the reason"),
        )

    def _commit(self, register: Mapping[str, Standing], entry: Entry) -> dict[str, Standing]:
        after = apply(register, entry)
        self.log.append(entry)
        self._point(after)
        return after

    def _pointers(self) -> dict[int, str]:
        """The version that each rating year's pointer names."""
        paths = self.tables.glob(f"[0-9]*/{self.client}.latest")
        return {int(p.parent.name): p.read_text(encoding="utf-8").strip() for p in sorted(paths)}

    def _point(self, register: Mapping[str, Standing]) -> None:
        """Make the pointers name what the log has in force; of one year, what began last."""
        now: dict[int, str] = {}
        for standing in sorted(register.values(), key=lambda s: s.effective_from):
            if standing.state is State.IN_FORCE:
                now[standing.rating_year] = standing.version
        stale = self._pointers()
        for year, name in now.items():
            if stale.get(year) != name:
                write_atomically(self.tables / str(year) / f"{self.client}.latest", f"{name}\n".encode())
        for year in stale.keys() - now.keys():
            (self.tables / str(year) / f"{self.client}.latest").unlink(missing_ok=True)


def _said(manifest: Manifest, content: Mapping[str, bytes]) -> Drafted:
    return Drafted(
        rating_year=manifest.rating_year,
        effective_from=manifest.effective_from,
        effective_to=manifest.effective_to,
        manifest_sha256=hashlib.sha256(content[MANIFEST]).hexdigest(),
        parent=manifest.parent,
        changes=manifest.changes,
        overrides=manifest.overrides,
    )
