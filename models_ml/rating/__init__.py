"""From a forecast to a price: rate table, tiers, rating engine, repricing and scenarios."""

from __future__ import annotations

from models_ml.rating.balance import on_balance
from models_ml.rating.dislocation import distribution, retention, winners_and_losers
from models_ml.rating.engine import expand, expand_prices, rate, rate_contracts
from models_ml.rating.errors import RatingError
from models_ml.rating.evidence import evidence
from models_ml.rating.individual import own_experience
from models_ml.rating.levels import LevelRules, level_rules
from models_ml.rating.limits import Limit, limit_on_amount, limit_on_count
from models_ml.rating.plan import RepricingRules, in_force, repricing_rules, score_factors, tier_plans
from models_ml.rating.plan_cost import plan_costs
from models_ml.rating.plan_rules import PlanRules, judged, with_limits
from models_ml.rating.price import (
    CostLine,
    RiskShare,
    TierPlan,
    TierPrice,
    bounded_factors,
    price_tier,
)
from models_ml.rating.renewal import renewal_prices
from models_ml.rating.repricing import Repricing, reprice
from models_ml.rating.rounding import Rounding
from models_ml.rating.scenario_book import scenario_book
from models_ml.rating.scenarios import CoverResponse, Scenario, scenario_outcomes, tornado
from models_ml.rating.selection import (
    bound_relativities,
    order_relativities,
    select_base_rates,
    select_relativities,
)
from models_ml.rating.table import BASE, RELATIVITY_PLACES, CoverLoading, RateTable, build_rate_table
from models_ml.rating.tariff import Tariff, at_cost, build_tariff
from models_ml.rating.trace import Step, Tracer, multiplied, price_of, trace

__all__ = [
    "BASE",
    "RELATIVITY_PLACES",
    "CostLine",
    "CoverLoading",
    "CoverResponse",
    "LevelRules",
    "Limit",
    "PlanRules",
    "RateTable",
    "RatingError",
    "Repricing",
    "RepricingRules",
    "RiskShare",
    "Rounding",
    "Scenario",
    "Step",
    "Tariff",
    "TierPlan",
    "TierPrice",
    "Tracer",
    "at_cost",
    "bound_relativities",
    "bounded_factors",
    "build_rate_table",
    "build_tariff",
    "distribution",
    "evidence",
    "expand",
    "expand_prices",
    "in_force",
    "judged",
    "level_rules",
    "limit_on_amount",
    "limit_on_count",
    "multiplied",
    "on_balance",
    "order_relativities",
    "own_experience",
    "plan_costs",
    "price_of",
    "price_tier",
    "rate",
    "rate_contracts",
    "renewal_prices",
    "reprice",
    "repricing_rules",
    "retention",
    "scenario_book",
    "scenario_outcomes",
    "score_factors",
    "select_base_rates",
    "select_relativities",
    "tier_plans",
    "tornado",
    "trace",
    "winners_and_losers",
    "with_limits",
]
