"""The figures as a table, and which goals they miss."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .routes import DESK

MOST_QUERIES = 6
MOST_RATIO = 4.0
MOST_GROWTH = 2.0

Figures = dict[str, Any]


def table(figures: Figures) -> Iterator[str]:
    yield f"{figures['orders']} orders, floor {figures['floor_p50_ms']:.2f} ms"
    yield f"{'ratio':>6} {'p50 ms':>8} {'p95 ms':>8} {'queries':>7}  role       GET"
    for row in sorted(figures["routes"], key=lambda row: -row["ratio"]):
        yield (
            f"{row['ratio']:6.2f} {row['p50_ms']:8.2f} {row['p95_ms']:8.2f} {row['queries']:7d}"
            f"  {row['role']:<10} {row['path']}"
        )
    for row in figures["writes"]:
        yield (
            f"{row['name']}: {row['per_second']:.1f}/s with {row['callers']} callers,"
            f" p50 {row['p50_ms']:.1f} ms, p95 {row['p95_ms']:.1f} ms, {row['own_share']:.0%} in our own code"
        )


def missed(figures: Figures, against: Figures | None) -> list[str]:
    """`against`: the figures of a smaller world, by which the growth of desk routes is judged, not their ratio."""
    found = []
    before = {(row["path"], row["role"]): row for row in against["routes"]} if against else {}
    for row in figures["routes"]:
        name = f"{row['role']} GET {row['path']}"
        if row["queries"] > MOST_QUERIES:
            found.append(f"{name}: {row['queries']} queries, {MOST_QUERIES} at most")
        if not DESK.match(row["path"]):
            continue
        if against is None and row["ratio"] > MOST_RATIO:
            found.append(f"{name}: {row['ratio']} times the floor, {MOST_RATIO:g} at most")
        was = before.get((row["path"], row["role"]))
        if was and row["p50_ms"] > MOST_GROWTH * was["p50_ms"]:
            growth = row["p50_ms"] / was["p50_ms"]
            found.append(f"{name}: p50 {growth:.1f} times that of the smaller world, {MOST_GROWTH:g} at most")
        if was and row["queries"] > was["queries"]:
            found.append(f"{name}: {row['queries']} queries, {was['queries']} in the smaller world")
    return found
