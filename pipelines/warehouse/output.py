"""What dbt says, cut down to what a person waits for: tables as they are built, and what went wrong."""

from __future__ import annotations

import io
import re

from pipelines.progress import LOGGER, announce, in_columns

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_BUILT = re.compile(r"OK created sql table model (\S+) \.* *\[.* in ([\d.]+)s\]")
_BROKEN = re.compile(r"(?:FAIL|ERROR|WARN)\s+\d* *(.*?) \.*\s*\[")
_COUNT = re.compile(r"(\d+) of (\d+) (?:OK|PASS)")
_DONE = re.compile(r"Done\. (PASS=\d+ WARN=\d+ ERROR=\d+)")
SLOW_SECONDS = 5.0
EVERY = 50


class DbtOutput(io.TextIOBase):
    """A stream that takes dbt's lines and logs the few that matter."""

    verdict = ""

    def writable(self) -> bool:
        """A stream to write to."""
        return True

    def write(self, text: str) -> int:
        """Log slow models and failures; remember the closing line."""
        for line in _COLOUR.sub("", text).splitlines():
            self._tell(line)
        return len(text)

    def _tell(self, line: str) -> None:
        if (built := _BUILT.search(line)) and float(built[2]) >= SLOW_SECONDS:
            LOGGER.info("%s", f"{in_columns(f'  {built[1]}')}  {float(built[2]):6.1f} s")
        elif "START" not in line and (broken := _BROKEN.search(line)):
            LOGGER.error("dbt: %s", broken[0].rstrip(" .["))
        elif (count := _COUNT.search(line)) and int(count[1]) % EVERY == 0:
            announce(f"warehouse: {count[1]} of {count[2]} models and tests")
        elif done := _DONE.search(line):
            self.verdict = done[1].replace("=", " ").lower()
