"""Join tokens: a store in, one line of text for the technician out; only the secret's SHA-256 is kept."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapters.canonical.join_token import JoinToken as TokenText
from adapters.errors import Permanent
from adapters.reasons import Reason
from adapters.seams.clock import Clock
from adapters.seams.randomness import Randomness
from core_service.domain.fleet import Agent, JoinToken
from core_service.fleet.certificates import CertificateAuthority
from core_service.ports.orders import AuditEntry
from core_service.ports.unit_of_work import CoreStore, UnitOfWork

DEFAULT_SECONDS = 86_400
SHORTEST_SECONDS = 60
LONGEST_SECONDS = 604_800

_AGENT = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
_SECRET_BYTES = 32
_PAGE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """`host:port` of the two listeners, as agents reach them."""

    agents: str
    api: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJoinToken:
    """A token, shown once."""

    text: str
    agent: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinTokens:
    """Makes join tokens."""

    core: CoreStore
    authority: CertificateAuthority
    clock: Clock
    randomness: Randomness
    addresses: Addresses

    async def create(
        self, tenant: str, store: str, *, actor: str, agent: str = "", lifetime_seconds: int = 0
    ) -> NewJoinToken:
        """Make a one-use token for a store's next agent; an empty name becomes the store's with a number, 0 seconds a day.

        Raises Permanent: REFERENCE_UNKNOWN for a store that is not set up, ALREADY_EXISTS for an agent that is, FIELD_INVALID.
        """
        seconds = lifetime_seconds or DEFAULT_SECONDS
        if not SHORTEST_SECONDS <= seconds <= LONGEST_SECONDS:
            sentence = f"A join token lives {SHORTEST_SECONDS} to {LONGEST_SECONDS} seconds, not {seconds}."
            raise Permanent(Reason.FIELD_INVALID, sentence, path="lifetime_seconds")
        secret = base64.urlsafe_b64encode(self.randomness.token(_SECRET_BYTES)).decode().rstrip("=")
        now = self.clock.now()
        async with self.core.begin(tenant) as uow:
            if await uow.stores.get(store) is None:
                sentence = f"There is no store {store!r}; set it up first with `core-service store put`."
                raise Permanent(Reason.REFERENCE_UNKNOWN, sentence, path="store")
            name = await _name(uow, store, agent)
            expires = now + timedelta(seconds=seconds)
            await uow.fleet.add_token(
                JoinToken(token_hash=token_hash(secret), store=store, agent=name, expires_at=expires)
            )
            await uow.audit.add(AuditEntry(at=now, actor=actor, action="create_join_token", subject=name))
            await uow.commit()
        text = TokenText(
            api_address=self.addresses.api,
            agents_address=self.addresses.agents,
            secret=secret,
            authorities=self.authority.bundle_der,
        )
        return NewJoinToken(text=text.encode(), agent=name, expires_at=expires)


def token_hash(secret: str) -> bytes:
    """Return what is kept of a token's secret: SHA-256, which is enough for 256 random bits."""
    return hashlib.sha256(secret.encode()).digest()


async def _name(uow: UnitOfWork, store: str, wanted: str) -> str:
    if wanted and not _AGENT.fullmatch(wanted):
        sentence = "An agent's name has lower-case letters, digits and hyphens, at most 64, and no hyphen at its ends."
        raise Permanent(Reason.FIELD_INVALID, sentence, path="agent")
    if wanted and await uow.fleet.agent(wanted) is not None:
        sentence = f"There is an agent {wanted!r} already, and names are for ever; choose another, or leave it empty."
        raise Permanent(Reason.ALREADY_EXISTS, sentence, path="agent")
    number = len(await _all_agents(uow, store)) + 1
    while not wanted:
        name = f"{store}-{number}"
        if await uow.fleet.agent(name) is None:
            return name
        number += 1
    return wanted


async def _all_agents(uow: UnitOfWork, store: str) -> list[Agent]:
    agents: list[Agent] = []
    after = ""
    while page := await uow.fleet.agents(store, after, _PAGE):
        agents.extend(page)
        after = page[-1].agent
    return agents
