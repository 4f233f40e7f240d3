"""Drafts for journal tests: a number in, a sale as a till's door would hand it over out."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from adapters.canonical.entry import EntryContent, EntryKind
from adapters.canonical.key import BusinessKey, fingerprint
from edge_agent.ports import Draft, OwnMovement

MOMENT = datetime(2026, 1, 5, 9, 0, 0, 123456, tzinfo=UTC)


def sale(
    number: int,
    *,
    contents: str = "a",
    revision: int = 0,
    quantity: int = -1,
    repeat_key: tuple[str, str, bytes] | None = None,
) -> Draft:
    """Return the draft of sale `number`; other `contents` give another fingerprint."""
    key = BusinessKey(
        kind="sale",
        source="berlin/t1",
        reference=f"R{number}",
        revision=revision,
        fingerprint=fingerprint(contents),
        fingerprint_version=1,
    )
    content = EntryContent(
        kind=EntryKind.TILL_DOCUMENT,
        transport="rest",
        dialect="plain",
        dialect_version="1",
        till="t1",
        raw=f'{{"number":{number},"revision":{revision},"contents":"{contents}"}}'.encode(),
        received_at=MOMENT,
        receipt_id=f"rcp_{number}_{revision}_{contents}",
        key=key,
    )
    return Draft(content=content, movements=(OwnMovement(sku="A", quantity=Decimal(quantity)),), repeat_key=repeat_key)


def rejected(number: int) -> Draft:
    """Return the draft of a message that a door refused."""
    content = EntryContent(
        kind=EntryKind.REJECTED,
        transport="rest",
        dialect="plain",
        dialect_version="1",
        till="t1",
        raw=b"{",
        received_at=MOMENT,
        receipt_id=f"rcp_rejected_{number}",
        reason="MALFORMED_JSON",
        sentence="The message ends inside an object: send it whole.",
    )
    return Draft(content=content)
