"""Every rule by name: its plain sentence, and what happens to a row or a file that breaks it.

`row`: the row is refused and goes to quarantine. `flag`: the row is accepted and the flag is kept beside
it, because what is odd may be fraud and not a fault of the file. `wait`: the row waits for what it refers
to. `file`: the file is set aside whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import dataframely as dy
import polars as pl

from pipelines.landing.contracts.fields import MOST_KM_A_DAY, WINDOWS, Window, WindowKind, window_of

Severity = Literal["row", "flag", "wait", "file"]
REFERENCE_RULE: Final = "reference"
KEY_RULE: Final = "key"
WINDOW_RULE: Final = "window"
_SENTENCES = {
    "nullability": "must not be empty",
    "min": "must be at least {0}",
    "max": "must be at most {0}",
    "min_length": "must have at least {0} characters",
    "max_length": "must have at most {0} characters",
    "regex": "must match {0}",
    "inf": "must be a finite number",
    "nan": "must be a number",
}


@dataclass(frozen=True)
class Rule:
    """One rule of a source, as a client reads it."""

    source: str
    name: str
    sentence: str
    severity: Severity


FLAGS: Final = (
    Rule(
        "contracts",
        "cancelled_after_expiry",
        "cancelled_on is after expiry_date: taken as in force to expiry_date",
        "flag",
    ),
    Rule("claims", "loss_outside_contract", "loss_date is no day on which the contract is in force", "flag"),
    Rule(
        "repair_orders",
        "odometer_falls",
        "odometer_km is below an earlier visit's, and no replacement is recorded",
        "flag",
    ),
    Rule(
        "repair_orders",
        "odometer_jumps",
        f"odometer_km rises by more than {MOST_KM_A_DAY:,} km a day since the visit before",
        "flag",
    ),
    Rule("trips", "too_far_in_a_day", f"trips of one day add up to more than {MOST_KM_A_DAY:,} km", "flag"),
    Rule("trips", "overlapping_trips", "started_at is before the vehicle's previous trip ended", "flag"),
)
"""Rules whose rows are accepted; they look at other rows, so SQL checks them after landing."""


def rules_of(source: str, contract: type[dy.Schema], reference: tuple[str, str] | None) -> list[Rule]:
    """Every rule that a row of a source is held to, in the order in which they are checked."""
    found = [
        Rule(source, f"{name}|{check}", sentence_of(contract, name, check), "row")
        for name, column in contract.columns().items()
        for check in column.validation_rules(pl.col(name))
    ]
    found += [
        Rule(source, f"{name}|{WINDOW_RULE}", sentence_of(contract, name, WINDOW_RULE), "row")
        for name, column in contract.columns().items()
        if window_of(column)
    ]
    names = contract._schema_validation_rules()  # noqa: SLF001 - no public list of a schema's rules
    found += [Rule(source, name, sentence_of(contract, name, ""), "row") for name in names]
    keys = ", ".join(contract.primary_key())
    found.append(Rule(source, KEY_RULE, f"one delivery gives {keys} two different contents", "row"))
    if reference:
        column, target = reference
        found.append(Rule(source, REFERENCE_RULE, f"{column} is in no row of {target} yet", "wait"))
    found += [flag for flag in FLAGS if flag.source == source]
    found.append(Rule(source, "bad_rows", "more rows are refused than the mapping tolerates", "file"))
    return found


def sentence_of(
    contract: type[dy.Schema], name: str, check: str, windows: Mapping[WindowKind, Window] = WINDOWS
) -> str:
    """What a rule says, for the person who has to mend the row."""
    if not check:
        return str(getattr(contract, name).validation_fn.__doc__).strip()
    spec = contract.columns()[name]
    kind = window_of(spec)
    if check == WINDOW_RULE and kind:
        return f"{name}: lies outside {windows[kind]}, what is plausible for the kind '{kind}'"
    words = _SENTENCES.get(check, f"breaks the rule {check}")
    return f"{name}: {words.format(getattr(spec, check, ''))}"
