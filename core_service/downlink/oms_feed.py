"""What the tenant's OMS is told: an opaque resume token in, subjects that changed with the next token out; read again when they are sent.

A token names the feed, the kind and the revision. One of another feed (the core was restored) begins anew and says so.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from adapters.errors import Permanent
from adapters.reasons import Reason
from adapters.seams.deadline import first_of
from core_service.downlink.feed import FeedParts
from core_service.ports.work import OMS, ChangeKind

_LONGEST_TOKEN = 200
_VERSION = "1"


@dataclass(frozen=True, slots=True, kw_only=True)
class OmsNews:
    """Subjects of one kind that changed, each once, in order of change; none is a sign of life. `restarted`: all is told again."""

    subjects: tuple[str, ...]
    resume_token: str
    restarted: bool = False


@dataclass(frozen=True, slots=True)
class _Place:
    feed_id: str
    kind: ChangeKind
    revision: int

    @property
    def token(self) -> str:
        text = "|".join((_VERSION, self.feed_id, self.kind, str(self.revision)))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


class OmsFeed:
    """Feeds of all tenants' OMS in this process."""

    def __init__(self, parts: FeedParts) -> None:
        self._parts = parts

    async def changes_since(self, tenant: str, kind: ChangeKind, resume_token: str) -> OmsNews:
        """Return the next changes at once, perhaps none.

        Raises Permanent(RESUME_TOKEN_INVALID) for text that is no token of this kind, or of a revision that this feed never had.
        """
        place, restarted = await self._begin(tenant, kind, resume_token)
        news, _ = await self._read(tenant, place)
        return OmsNews(subjects=news.subjects, resume_token=news.resume_token, restarted=restarted)

    async def watch(self, tenant: str, kind: ChangeKind, resume_token: str) -> AsyncGenerator[OmsNews, None]:
        """Yield changes as they are numbered, and a sign of life (no subjects) in quiet times; raises as `changes_since`."""
        place, restarted = await self._begin(tenant, kind, resume_token)
        first = True
        while True:
            news, seen = await self._read(tenant, place)
            if news.subjects or first:
                yield OmsNews(subjects=news.subjects, resume_token=news.resume_token, restarted=restarted and first)
                first = False
            moved = seen > place.revision
            place = _Place(place.feed_id, kind, seen)
            if not moved and not await self._wait(tenant, place):
                yield OmsNews(subjects=(), resume_token=place.token)

    async def _begin(self, tenant: str, kind: ChangeKind, resume_token: str) -> tuple[_Place, bool]:
        feed_id = await self._parts.core.feed.feed_id()
        start = _Place(feed_id, kind, 0)
        if not resume_token:
            return start, False
        place = _parsed(resume_token)
        if place.kind is not kind:
            raise _invalid("is of another watch")
        if place.feed_id != feed_id:
            return start, True
        async with self._parts.core.read(tenant) as uow:
            newest = await uow.changes.newest(OMS)
        if place.revision > newest:
            raise _invalid("is ahead of this feed")
        return place, False

    async def _read(self, tenant: str, place: _Place) -> tuple[OmsNews, int]:
        """Return the changes of the kind among the next ones of any kind, and the revision seen."""
        async with self._parts.core.read(tenant) as uow:
            items = await uow.changes.since(OMS, place.revision, self._parts.options.chunk)
        seen = items[-1].revision if items else place.revision
        subjects = tuple(item.subject for item in items if item.kind is place.kind)
        return OmsNews(subjects=subjects, resume_token=_Place(place.feed_id, place.kind, seen).token), seen

    async def _wait(self, tenant: str, place: _Place) -> bool:
        return await first_of(self._until_news(tenant, place), self._heartbeat())

    async def _until_news(self, tenant: str, place: _Place) -> bool:
        await self._parts.heads.beyond((tenant, OMS), place.revision)
        return True

    async def _heartbeat(self) -> bool:
        await self._parts.clock.sleep(self._parts.options.heartbeat_seconds)
        return False


def _parsed(token: str) -> _Place:
    if len(token) > _LONGEST_TOKEN or not token.isascii():
        raise _invalid("was not given by this API")
    try:
        text = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True).decode()
        version, feed_id, kind, revision = text.split("|")
        place = _Place(feed_id, ChangeKind(kind), int(revision))
    except (ValueError, binascii.Error) as error:
        raise _invalid("was not given by this API") from error
    if version != _VERSION or place.token != token.rstrip("="):
        raise _invalid("was not given by this API")
    return place


def _invalid(what: str) -> Permanent:
    sentence = f"The resume token {what}; begin with an empty one to get everything."
    return Permanent(Reason.RESUME_TOKEN_INVALID, sentence, path="resume_token")
