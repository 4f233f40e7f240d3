"""The journal's tables as numbered steps for `Database.open`."""

from __future__ import annotations

from pathlib import Path

from edge_agent.database import Schema

JOURNAL_SCHEMA = Schema.read("journal", Path(__file__).with_name("schema.sql"))
