"""Where the cache stands in the core's feed: revisions in, rows of the right generation out, in one transaction each.

    visible ----- answers are read here ------------------------+ deleted when the snapshot is complete
    staging ----- a snapshot's messages gather here ----> visible

Before the first snapshot is complete there is nothing older to show, so that what has arrived is shown at once, marked incomplete.
"""

from __future__ import annotations

from dataclasses import dataclass

from adapters.seams.clock import to_millis
from edge_agent.cache import rows
from edge_agent.database import Connection
from edge_agent.ports import CachedTill, Revision


@dataclass(frozen=True, slots=True)
class Feed:
    """The position to resume from, and which generation is read and which is filled."""

    feed_id: str
    revision: int
    heard_ms: int
    visible: int
    staging: int | None
    complete: bool


@dataclass(frozen=True, slots=True)
class Applied:
    """The position after a revision. `switched` when another generation is read now; `tills` are those of it when they changed."""

    feed: Feed
    switched: bool
    tills: tuple[CachedTill, ...] | None


def load(connection: Connection) -> Feed:
    """Return the position."""
    row = connection.execute(
        "SELECT feed_id, revision, heard_ms, visible, staging, complete FROM feed WHERE id = 1"
    ).fetchone()
    return Feed(row[0], row[1], row[2], row[3], row[4], bool(row[5]))


def apply(connection: Connection, revision: Revision) -> Applied:
    """Store a revision's changes and position."""
    before = load(connection)
    visible, staging, complete = before.visible, before.staging, before.complete
    if revision.snapshot_begins or revision.feed_id != before.feed_id:
        staging = max(visible, staging or 0) + 1
        if not complete:
            visible = staging
        rows.keep_only(connection, (visible, staging))
    rows.write(connection, visible if staging is None else staging, revision)
    if revision.complete and staging is not None:
        visible, staging, complete = staging, None, True
        rows.keep_only(connection, (visible,))
    feed = Feed(revision.feed_id, revision.revision, to_millis(revision.received_at), visible, staging, complete)
    connection.execute(
        "UPDATE feed SET feed_id = ?, revision = ?, heard_ms = ?, visible = ?, staging = ?, complete = ? WHERE id = 1",
        (feed.feed_id, feed.revision, feed.heard_ms, feed.visible, feed.staging, feed.complete),
    )
    switched = visible != before.visible
    changed = switched or (staging in (None, visible) and bool(revision.tills))
    return Applied(feed, switched, tuple(rows.tills(connection, visible)) if changed else None)


def heard(connection: Connection, heard_ms: int) -> None:
    """Keep when the core was last heard."""
    connection.execute("UPDATE feed SET heard_ms = ? WHERE id = 1", (heard_ms,))
