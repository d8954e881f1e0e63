"""From draft to price in force: who did what to which version, under rules that a reader can check.

`record` is one line of a client's log, `log` the chain of them, `rules` what each action may do, `desk`
the place where actions are carried out. The state of every version follows from the log alone.
"""

from pipelines.pricing.workflow.desk import Desk
from pipelines.pricing.workflow.errors import WorkflowError
from pipelines.pricing.workflow.lookup import clients, in_force, locate, registers
from pipelines.pricing.workflow.record import Action, Record
from pipelines.pricing.workflow.rules import Standing, State

__all__ = [
    "Action",
    "Desk",
    "Record",
    "Standing",
    "State",
    "WorkflowError",
    "clients",
    "in_force",
    "locate",
    "registers",
]
