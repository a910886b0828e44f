"""What was measured: percentiles, tables, and one line of JSON."""

from __future__ import annotations

import argparse
import json
import math
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench import ROOT


@dataclass(frozen=True)
class Latency:
    """Milliseconds; `wrong` of `count` answers were not what was asked for, or were errors."""

    count: int
    p50: float
    p95: float
    p99: float
    wrong: int = 0

    @classmethod
    def of(cls, seconds: Sequence[float], wrong: int = 0) -> Latency:
        return cls(len(seconds), *(percentile(seconds, p) * 1000 for p in (50, 95, 99)), wrong)


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that `percent` of the values do not exceed (nearest rank); NaN of nothing."""
    if not values:
        return math.nan
    rank = math.ceil(percent / 100 * len(values))
    return sorted(values)[max(rank, 1) - 1]


def table(title: str, head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A table for the terminal: the first column left, numbers right."""
    cells = [list(head), *([_cell(value) for value in row] for row in rows)]
    widths = [max(len(row[at]) for row in cells) for at in range(len(head))]
    lines = [
        "  ".join(
            cell.ljust(width) if at == 0 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]
    return "\n".join(["", title, "", lines[0], "  ".join("-" * width for width in widths), *lines[1:]])


def _cell(value: Any) -> str:
    if not isinstance(value, float):
        return f"{value:,}" if isinstance(value, int) else str(value)
    if math.isnan(value):
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def arguments(description: str | None, sizes: Sequence[int] = ()) -> argparse.ArgumentParser:
    """The arguments that all benchmarks have, and those with filled stores of several sizes."""
    parser = argparse.ArgumentParser(description=(description or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="small stores, few repetitions")
    parser.add_argument("--json", action="store_true", help="the last line is one JSON object")
    if sizes:
        parser.add_argument(
            "--memories", type=int, nargs="+", default=list(sizes), metavar="N", help="sizes of the store"
        )
        parser.add_argument(
            "--cache", type=Path, default=ROOT / ".run" / "bench", help="where filled stores are kept"
        )
    return parser


def machine() -> str:
    """What the numbers were taken on, in one line."""
    load = os.getloadavg()[0]
    return f"{os.cpu_count()} CPUs, load {load:.1f} at the end: absolute times hold for this machine only"


def finish(options: argparse.Namespace, results: dict[str, Any]) -> None:
    """The last lines: the machine, and the JSON object if it is wanted."""
    print(f"\n{machine()}", flush=True)
    if options.json:
        print(json.dumps(results, default=asdict), flush=True)


def rss_mib(pid: int) -> tuple[float, float]:
    """Resident memory of a process now and at its peak, MiB."""
    lines = dict(
        line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":" in line
    )
    now, peak = (int(lines[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM"))
    return now, peak


def worked_s(pid: int) -> float:
    """Seconds of the processor's time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
