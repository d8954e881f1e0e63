"""The contract of every canonical source: what a row must be to enter the lake.

A contract is a dataframely schema. Types, ranges and vocabularies are declared on the columns; a rule
over several columns is a method whose docstring is the sentence a client reads when a row is refused.
Keys and references are promises about the lake and not about one file: `pipelines.landing.judging.versions`
keeps them. `rules` lists every rule with its severity.
"""

from __future__ import annotations

from typing import Final

import dataframely as dy

from pipelines.landing.contracts.claims import Claims, ClaimTransactions
from pipelines.landing.contracts.portfolio import ContractCovers, ContractFactors, Contracts, Vehicles
from pipelines.landing.contracts.products import Complaints, Instalments, Offers, Surveys
from pipelines.landing.contracts.rules import Rule, rules_of
from pipelines.landing.contracts.telematics import Trips
from pipelines.landing.contracts.workshop import Parts, RepairLines, RepairOrders, Shops

CONTRACTS: Final[dict[str, type[dy.Schema]]] = {
    "vehicles": Vehicles,
    "contracts": Contracts,
    "contract_covers": ContractCovers,
    "contract_factors": ContractFactors,
    "claims": Claims,
    "claim_transactions": ClaimTransactions,
    "shops": Shops,
    "parts": Parts,
    "repair_orders": RepairOrders,
    "repair_lines": RepairLines,
    "offers": Offers,
    "instalments": Instalments,
    "surveys": Surveys,
    "complaints": Complaints,
    "trips": Trips,
}
"""Every canonical source by name, in the order in which references point backwards."""

REFERENCES: Final[dict[str, tuple[str, str]]] = {
    "contracts": ("vehicle_id", "vehicles"),
    "contract_covers": ("contract_id", "contracts"),
    "contract_factors": ("contract_id", "contracts"),
    "claims": ("contract_id", "contracts"),
    "claim_transactions": ("claim_id", "claims"),
    "repair_orders": ("vehicle_id", "vehicles"),
    "repair_lines": ("repair_order_id", "repair_orders"),
    "offers": ("vehicle_id", "vehicles"),
    "instalments": ("contract_id", "contracts"),
    "surveys": ("vehicle_id", "vehicles"),
    "complaints": ("vehicle_id", "vehicles"),
    "trips": ("vehicle_id", "vehicles"),
}
"""A row with a value here waits until the source it points to has that value."""

MONTHLY: Final[dict[str, str]] = {"trips": "started_at"}
"""Sources that are partitioned by the month of a column, because they are too many for one folder."""

SORTED_BY: Final[dict[str, tuple[str, ...]]] = {
    "contracts": ("effective_date",),
    "claims": ("loss_date",),
    "claim_transactions": ("transaction_date",),
    "repair_orders": ("opened_on",),
    "instalments": ("due_on",),
}
"""What the rows of a lake file are sorted by before their key, so that later scans can skip."""

RULES: Final[dict[str, list[Rule]]] = {
    source: rules_of(source, contract, REFERENCES.get(source)) for source, contract in CONTRACTS.items()
}
"""Every rule of every source, with its sentence and its severity."""
