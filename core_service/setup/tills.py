"""Tills and their keys: drafts as written in, checked records out; a till's key is shown once and stored as SHA-256."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from adapters.canonical.key import derived_id
from adapters.errors import Permanent
from adapters.pos.registry import dialect
from adapters.reasons import Reason
from core_service.domain.setup import Till, TillKey
from core_service.domain.work import ClaimedWork, NewWork, WorkKind
from core_service.ports.unit_of_work import CoreStore, UnitOfWork
from core_service.ports.work import ChangeKind
from core_service.setup.desk import Desk, told
from core_service.setup.fields import between, invalid, label, slug, web_address

LONGEST_OVERLAP = 2_592_000
"""Seconds: 30 days."""

_LONGEST_SECRET = 500
_KEY_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class TillDraft:
    """A till as written. An empty `webhook_secret` keeps the present one."""

    store: str
    till: str
    dialect: str
    webhook_secret: str = ""
    webhook_url: str = ""
    retired: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedTillKey:
    """A till's new key, shown once, and when the one before it ends."""

    api_key: str
    previous_expires_at: datetime


async def put_till(desk: Desk, draft: TillDraft) -> Till:
    """Create or replace a till; its store's agent is told, and messages that waited for it are read again."""
    wanted = _till(draft)
    async with desk.core.begin(desk.tenant) as uow:
        if await uow.stores.get(wanted.store) is None:
            sentence = f"There is no store {wanted.store!r}; set it up first with `core-service store put`."
            raise Permanent(Reason.REFERENCE_UNKNOWN, sentence, path="till.store")
        before = await uow.tills.get(wanted.store, wanted.till)
        if before is not None and not wanted.webhook_secret:
            wanted = replace(wanted, webhook_secret=before.webhook_secret)
        await uow.tills.put(wanted)
        await uow.changes.record(told([wanted.store], ChangeKind.TILL, [wanted.till]))
        await uow.audit.add(desk.audited("put_till", f"{wanted.store}/{wanted.till}"))
        for reason in (Reason.TILL_UNKNOWN, Reason.TILL_RETIRED):
            await desk.arrived(uow, reason, "")
        await uow.commit()
    return wanted


async def issue_till_key(desk: Desk, store: str, till: str, overlap_seconds: int = 0) -> IssuedTillKey:
    """Make a till's key; the one before goes on for the overlap. The agent is told now, and again when the overlap ends."""
    between(overlap_seconds, "overlap_seconds", 0, LONGEST_OVERLAP)
    api_key = new_till_key(desk.randomness.token(_KEY_BYTES))
    now = desk.clock.now()
    ends = now + timedelta(seconds=overlap_seconds)
    async with desk.core.begin(desk.tenant) as uow:
        if await uow.tills.get(store, till) is None:
            sentence = f"There is no till {till!r} in store {store!r}; set it up first with `core-service till put`."
            raise Permanent(Reason.TILL_UNKNOWN, sentence, path="till")
        key = TillKey(store=store, till=till, key_hash=till_key_hash(api_key), created_at=now)
        await uow.tills.add_key(key, ends)
        await uow.changes.record(told([store], ChangeKind.TILL, [till]))
        if overlap_seconds:
            await uow.work.enqueue([_telling(uow, key, ends)])
        await uow.audit.add(desk.audited("issue_till_key", f"{store}/{till}"))
        await uow.commit()
    return IssuedTillKey(api_key=api_key, previous_expires_at=ends)


async def tell_till(core: CoreStore, work: ClaimedWork) -> None:
    """Do work of kind TELL_TILL: record that the till changed, so that its agent hears which keys are valid now."""
    store, _, till = work.subject.partition("/")
    async with core.begin(work.tenant) as uow:
        await uow.changes.record(told([store], ChangeKind.TILL, [till]))
        await uow.commit()


def new_till_key(random: bytes) -> str:
    """Return the text of a key: `tst_` and base32."""
    return "tst_" + base64.b32encode(random).decode().rstrip("=").lower()


def till_key_hash(api_key: str) -> bytes:
    """Return what is stored of a key: SHA-256, which is enough for 256 random bits."""
    return hashlib.sha256(api_key.encode()).digest()


def _till(draft: TillDraft) -> Till:
    try:
        dialect(draft.dialect)
    except Permanent as error:
        raise Permanent(Reason.DIALECT_UNKNOWN, error.sentence, path="till.dialect") from error
    if len(draft.webhook_secret) > _LONGEST_SECRET:
        raise invalid("till.webhook_secret", f"it has more than {_LONGEST_SECRET} characters")
    return Till(
        store=slug(draft.store, "till.store"),
        till=slug(draft.till, "till.till"),
        dialect=draft.dialect,
        webhook_secret=label(draft.webhook_secret, "till.webhook_secret", longest=_LONGEST_SECRET)
        if draft.webhook_secret
        else "",
        webhook_url=web_address(draft.webhook_url, "till.webhook_url"),
        retired=draft.retired,
    )


def _telling(uow: UnitOfWork, key: TillKey, ends: datetime) -> NewWork:
    return NewWork(
        work_id=derived_id("wrk", uow.tenant, WorkKind.TELL_TILL, key.store, key.till, key.key_hash.hex()),
        kind=WorkKind.TELL_TILL,
        subject=f"{key.store}/{key.till}",
        destination="core",
        due_at=ends,
    )
