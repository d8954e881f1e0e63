"""Matplotlib without what a process has set before: settings are the library's own and those given."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal


@contextmanager
def own_settings(settings: Mapping[str, Any]) -> Iterator[None]:
    """Draw under these settings over the library's defaults, and leave those of the process as they were.

    What was drawn before, a style in a user's home, and a test that sets something change no byte.
    """
    import matplotlib as mpl

    given: dict[Any, Any] = dict(settings)
    with mpl.rc_context(), warnings.catch_warnings():
        # The reader's browser has the script of a name even where the font that measures it has not.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        mpl.rcdefaults()
        mpl.rcParams.update(given)
        yield


def figure_of(size: tuple[float, float], layout: Literal["constrained"] | None = "constrained") -> Any:
    """An empty figure of so many inches that no process-wide list of figures knows."""
    from matplotlib.figure import Figure

    return Figure(figsize=size, layout=layout)


def png_bytes(figure: Any) -> bytes:
    """A figure as PNG, without a word on who wrote it."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110, metadata={"Software": None})
    return buffer.getvalue()
