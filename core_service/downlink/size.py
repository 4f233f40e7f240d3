"""How much fits into one message: changes in, runs of changes out, none heavier than asked unless a single change is. PURE."""

from __future__ import annotations

from collections.abc import Sequence

from adapters.canonical.downlink import Change, OrderNews, SkuNews, TillNews

FIXED = 300
"""Characters that a change takes besides the texts that may grow: its ids, quantities and tags."""


def weight(change: Change) -> int:
    """Return about how many characters a change takes on the wire, never fewer."""
    if isinstance(change, SkuNews):
        names = (*change.gtins, *change.aliases)
        return FIXED + len(change.sku) + len(change.name) + sum(len(name) + 8 for name in names)
    if isinstance(change, TillNews):
        return FIXED + len(change.webhook_secret) + len(change.webhook_url) + 40 * len(change.api_key_hashes)
    if isinstance(change, OrderNews):
        return FIXED + len(change.sentence) + len(change.tracking_number)
    return FIXED


def cut(changes: Sequence[Change], most: int) -> list[tuple[Change, ...]]:
    """Return the changes in order, in runs of at most so much weight; one empty run for none."""
    runs: list[list[Change]] = [[]]
    used = 0
    for change in changes:
        size = weight(change)
        if runs[-1] and used + size > most:
            runs.append([])
            used = 0
        runs[-1].append(change)
        used += size
    return [tuple(run) for run in runs]
