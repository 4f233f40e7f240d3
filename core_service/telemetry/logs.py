"""Log lines: events in, one JSON object a line on standard error out; secrets and raw messages never pass."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

_NEVER = frozenset({"raw", "body", "key", "secret", "token", "api_key", "authorization", "password", "join_token"})


def redact(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace what must not be logged by its length."""
    for name in event.keys() & _NEVER:
        value = event[name]
        event[name] = f"<{len(value)} hidden>" if isinstance(value, str | bytes) else "<hidden>"
    return event


def set_up_logs(level: str) -> None:
    """Send structlog and standard logging as JSON lines to standard error."""
    number = getattr(logging, level.upper())
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        redact,
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processor=structlog.processors.JSONRenderer())
    )
    logging.basicConfig(level=max(number, logging.WARNING), handlers=[handler], force=True)
