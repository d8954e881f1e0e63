"""Runs whose process is gone: nobody else would ever say that they have ended, and the queue would wait.

A run says which process it is in. When another one starts, and every minute while Dagster's daemon is on,
those whose process is no longer there are failed.
"""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pipelines.progress import LOGGER

if TYPE_CHECKING:
    import dagster as dg

PROCESS: Final = "ratewright/process"
"""Tag of a run: host, start of the machine, process, start of the process."""


def this_process() -> str:
    """What tells this process from every other one, now and later."""
    return _mark(os.getpid())


def is_gone(process: str) -> bool:
    """Whether a process of this machine has ended; those of other machines are not known to have."""
    host, _, pid, _ = [*process.split(":"), "", "", "", ""][:4]
    if host != socket.gethostname() or not pid.isdigit():
        return False
    return _mark(int(pid)) != process


def fail_dead_runs(instance: dg.DagsterInstance) -> list[str]:
    """Fail the runs that nobody is working on.

    Returns:
        Their ids.
    """
    import dagster as dg

    unfinished = [
        dg.DagsterRunStatus.STARTING,
        dg.DagsterRunStatus.STARTED,
        dg.DagsterRunStatus.CANCELING,
    ]
    failed = []
    for run in instance.get_runs(filters=dg.RunsFilter(statuses=unfinished)):
        process = run.tags.get(PROCESS)
        if process is not None and is_gone(process):
            pid = process.split(":")[2]
            instance.report_run_failed(run, f"process {pid}, which this run was in, is gone: it was killed")
            LOGGER.warning("run %s of before is over: its process was killed", run.run_id[:8])
            failed.append(run.run_id)
    return failed


def _mark(pid: int) -> str:
    return f"{socket.gethostname()}:{_boot()}:{pid}:{_started(pid)}"


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _started(pid: int) -> str:
    """When a process started, in ticks since the machine did; numbers of processes are used again."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return _alive(pid)
    # The command stands in brackets, and may hold blanks and brackets itself.
    state, *rest = stat.rpartition(")")[2].split()
    return "" if state == "Z" else rest[18]


def _alive(pid: int) -> str:
    """Where there is no /proc: whether there is such a process at all."""
    if Path("/proc/self/stat").exists():
        return ""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    except PermissionError:
        return "alive"
    return "alive"
