"""Log lines: events in, one JSON object a line on standard error out; messages of tills, keys and card numbers never pass.

Three nets, one behind the other: fields that may hold such things are replaced by their length, whatever looks like one of our keys is
cut, and card numbers keep their first six and last four digits.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from adapters.card_numbers import masked_text

_NEVER = frozenset(
    """api_key authorization body cookie idempotency_key join_token key password raw secret signature token
    webhook_secret""".split()
)
_SECRET = re.compile(r"\b(tst_|tsk_|tsj1\.|whsec_|Bearer\s+)[A-Za-z0-9._~+/=-]{4,}")


def redact(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace what must not be logged."""
    for name, value in event.items():
        if name in _NEVER:
            event[name] = f"<{len(value)} hidden>" if isinstance(value, str | bytes) else "<hidden>"
        elif isinstance(value, bytes | bytearray | memoryview):
            event[name] = f"<{len(value)} bytes>"
        elif isinstance(value, str):
            event[name] = clean(value)
    return event


def clean(text: str) -> str:
    """Return a text without our keys and without whole card numbers."""
    return masked_text(_SECRET.sub(r"\1<hidden>", text))


class _QuietFormatter(logging.Formatter):
    """Standard logging of libraries as JSON lines, through the same nets."""

    def __init__(self, processors: list[structlog.types.Processor]) -> None:
        super().__init__()
        self._inner = structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=processors, processor=structlog.processors.JSONRenderer()
        )

    def format(self, record: logging.LogRecord) -> str:
        return self._inner.format(record)


def set_up_logs(level: str) -> None:
    """Send structlog and standard logging as JSON lines to standard error; `level` is debug, info, warning or error."""
    number = logging.getLevelNamesMapping()[level.upper()]
    processors: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        redact,
    ]
    structlog.configure(
        processors=[*processors, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_QuietFormatter(processors))
    logging.basicConfig(level=max(number, logging.WARNING), handlers=[handler], force=True)
