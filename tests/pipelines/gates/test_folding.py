"""Fifty files that say the same are one line, nothing is lost in it, and what matters most is read first."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.gates.folding import folded
from pipelines.gates.result import FILES, Finding, GateResult
from pipelines.gates.summary import to_markdown

WHAT = ("no row rejected", "at most 5.0% of its rows repeat another: two")


def of_file(
    number: int, what: str, share: float, severity: str = "warning", *, held: bool = False
) -> Finding:
    name = f"part: {number}.csv"
    return Finding(FILES, f"{name}: {what}", f"{share:.0%} bad", severity, held, share, file=name)  # type: ignore[arg-type]


def of_source(share: float | None, severity: str = "warning") -> Finding:
    return Finding("claims", f"claims: {share}", "seen", severity, False, share)  # type: ignore[arg-type]


severities = st.sampled_from(["critical", "warning"])
shares = st.floats(0, 1)
findings = st.lists(
    st.builds(of_file, st.integers(1, 60), st.sampled_from(WHAT), shares, severities, held=st.booleans())
    | st.builds(of_source, st.none() | shares, severities),
    max_size=80,
    unique_by=lambda f: (f.expected, f.severity, f.success),
)


@settings(max_examples=60, deadline=None)
@given(found=findings)
def test_what_is_said_of_many_files_is_one_and_nothing_is_lost(found: list[Finding]) -> None:
    told = folded(found)
    of_files = [f for f in found if f.file]
    kinds = {(f.expected.removeprefix(f"{f.file}: "), f.severity, f.success) for f in of_files}
    assert len(told) == len(kinds) + len(found) - len(of_files)
    for what, severity, held in kinds:
        mine = [
            f for f in of_files if f.expected.endswith(what) and (f.severity, f.success) == (severity, held)
        ]
        (one,) = [
            f for f in told if f.file and what in f.expected and (f.severity, f.success) == (severity, held)
        ]
        assert one.share == max(f.share or 0.0 for f in mine)
        assert f"({len(mine)} files)" in one.expected or len(mine) == 1
        assert one.file in one.expected + one.observed


@settings(max_examples=60, deadline=None)
@given(found=findings)
def test_critical_comes_first_then_sources_then_files_each_by_share(found: list[Finding]) -> None:
    told = [
        (f.severity == "warning", f.source == FILES, -(1.0 if f.share is None else f.share))
        for f in folded(found)
    ]
    assert told == sorted(told)


def test_the_summary_has_one_line_per_kind_with_the_worst_file_in_it() -> None:
    found = [of_file(n, WHAT[0], n / 1000) for n in range(1, 37)] + [of_source(0.2)]
    lines = to_markdown(GateResult("acme", tuple(found), Path("index.html"))).splitlines()
    told = [line for line in lines if line.startswith("- ")]
    assert told == [
        "- **claims: 0.2**; found seen.",
        "- **no row rejected (36 files)**; found most in part: 36.csv: 4% bad; then part: 35.csv (3.5%), "
        "part: 34.csv (3.4%) and 33 more.",
    ]
