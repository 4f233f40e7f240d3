"""The cache's tables as numbered steps for `Database.open`."""

from __future__ import annotations

from pathlib import Path

from edge_agent.database import Schema

CACHE_SCHEMA = Schema.read("cache", Path(__file__).with_name("schema.sql"))
