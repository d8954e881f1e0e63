"""Every path, limit and secret, from the environment, in one typed place."""

from __future__ import annotations

import getpass
import os
import re
from functools import cached_property, lru_cache
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from pipelines.errors import InputError

LANDING_MEMORY = "128MB"
PROJECT_ROOT = Path(__file__).resolve().parent.parent


# DuckDB takes a backslash for a slash, and what follows a question mark in a database's name for options;
# Dagster's database takes % and two hexadecimal digits for a character.
_NO_SCRATCH = re.compile(r"\\")
_NO_DATA_FOLDER = re.compile(r"\\|\?|%[0-9A-Fa-f]{2}")


def hold_path(name: str, path: Path, never: re.Pattern[str] = _NO_SCRATCH) -> None:
    """Refuse a folder whose name a library would take for another one.

    Raises:
        InputError: the path, and what in it cannot be used.
    """
    found = never.search(str(path))
    if found:
        raise InputError(name, expected=f"a folder without '{found[0]}' in its path", found=str(path))


class Settings(BaseSettings):
    """Settings of one installation; each is an environment variable `RATEWRIGHT_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="RATEWRIGHT_", extra="ignore", frozen=True)

    data_dir: Path = Field(default=PROJECT_ROOT / "data", description="Where everything is kept.")
    pseudonym_key: str | None = Field(
        default=None,
        description="Secret of the keyed hashes, at least 32 characters; made once and kept if not given.",
    )
    memory_limit: str = Field(default="1GB", description="DuckDB's memory limit.")
    landing_memory: str = Field(
        default=LANDING_MEMORY,
        description="DuckDB's memory limit while landing; what does not fit is spilled to disk.",
    )
    threads: int = Field(default=2, ge=1, description="DuckDB's threads.")
    seed: int = Field(default=20_260_101, description="Seed of every random step.")
    user: str | None = Field(
        default=None, description="Who acts on rate tables; the account of the operating system if not given."
    )
    yearly_clients: str = Field(
        default="",
        description="Clients, separated by commas, that Dagster reprices on the first of November; none: no "
        "schedule.",
    )
    edit_limit: float = Field(
        default=0.25, gt=0, lt=1, description="How far from the indicated one a relativity may be selected."
    )

    @cached_property
    def root(self) -> Path:
        """The data folder, absolute: dbt and Dagster change directory.

        Raises:
            InputError: a path that one of the libraries takes for something else.
        """
        root = self.data_dir.resolve()
        hold_path("RATEWRIGHT_DATA_DIR", root, _NO_DATA_FOLDER)
        return root

    @property
    def landing(self) -> Path:
        return self.root / "landing"

    @property
    def published(self) -> Path:
        return self.root / "published"

    @property
    def models(self) -> Path:
        """The model store."""
        return self.root / "models"

    @property
    def rates(self) -> Path:
        """Drafts of rate tables, and the log of who did what to them, by client."""
        return self.root / "rates"

    @property
    def login(self) -> str:
        """The account of the operating system; its number where, as in a container, it has no name."""
        try:
            return getpass.getuser()
        except (KeyError, OSError):
            return f"uid {os.getuid()}"

    @property
    def person(self) -> str:
        """Who is recorded as acting."""
        return (self.user or "").strip() or self.login

    def forecast(self, client: str, rating_year: int) -> Path:
        """What the forecast of a client and rating year hands to the steps after it."""
        return self.root / "forecasts" / client / str(rating_year)

    @property
    def dagster_home(self) -> Path:
        return self.root / "dagster"

    def lake(self, client: str) -> Path:
        return self.root / "lake" / client

    def quarantine(self, client: str) -> Path:
        return self.root / "quarantine" / client

    def held(self, client: str) -> Path:
        """Rows that wait, were restated, or are copies."""
        return self.root / "held" / client

    def ledger(self, client: str) -> Path:
        return self.root / "ledger" / client

    def warehouse(self, client: str) -> Path:
        """The file dbt writes; only dbt opens it while a run is on."""
        return self.root / "warehouse" / f"{client}.duckdb"

    def serving(self, client: str) -> Path:
        """The file that everybody reads; swapped in after a good run."""
        return self.root / "serving" / f"{client}.duckdb"

    def data_docs(self, client: str) -> Path:
        return self.root / "data_docs" / client

    @property
    def pseudonym_key_file(self) -> Path:
        """The secret of the pseudonyms, where none is given."""
        return self.root / "pseudonym.key"


@lru_cache
def settings() -> Settings:
    """Return the settings of this process."""
    return Settings()
