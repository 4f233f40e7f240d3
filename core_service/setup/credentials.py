"""API credentials: a name and scopes in, a bearer token shown once out; nobody gives a scope that he has not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from adapters.errors import AuthenticationFailed, Permanent
from adapters.reasons import Reason
from adapters.seams.clock import Clock
from adapters.seams.randomness import Randomness
from core_service.domain.setup import Credential, Scope
from core_service.ports.unit_of_work import CoreStore
from core_service.setup.desk import Desk
from core_service.setup.fields import invalid, label
from core_service.setup.sign_in import bearer_token, new_credential_id, new_secret, secret_hash

OF_A_TENANT = frozenset(Scope) - {Scope.PLATFORM_ADMIN}
"""Scopes that a tenant's credential may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCredential:
    """A credential and its bearer token, shown once."""

    credential: Credential
    token: str


async def create_credential(desk: Desk, name: str, scopes: Sequence[str], giver: Credential | None) -> NewCredential:
    """Make a credential of the desk's tenant with scopes that its giver has; no giver is the command line, which may give any.

    Raises Permanent(FIELD_INVALID), AuthenticationFailed(SCOPE_MISSING).
    """
    wanted = _scopes(scopes, OF_A_TENANT)
    if giver is not None and (missing := sorted(wanted - giver.scopes)):
        sentence = f"You cannot give {', '.join(missing)}: your own credential has not got it."
        raise AuthenticationFailed(Reason.SCOPE_MISSING, sentence, path="scopes")
    made = _make(desk.tenant, label(name, "name"), wanted, (desk.clock, desk.randomness))
    async with desk.core.begin(desk.tenant) as uow:
        await uow.credentials.add(made.credential)
        subject = made.credential.credential
        await uow.audit.add(desk.audited("create_credential", subject, ", ".join(sorted(wanted))))
        await uow.commit()
    return made


async def create_platform_credential(
    core: CoreStore, seams: tuple[Clock, Randomness], name: str, scopes: Sequence[str]
) -> NewCredential:
    """Make a credential that belongs to no tenant; only the command line calls this."""
    made = _make("", label(name, "name"), _scopes(scopes, frozenset({Scope.PLATFORM_ADMIN})), seams)
    await core.platform.add_platform_credential(made.credential)
    return made


async def revoke_credential(desk: Desk, credential: str) -> Credential:
    """End a credential at once; ending it again changes nothing. Raises Permanent(NOT_FOUND)."""
    async with desk.core.begin(desk.tenant) as uow:
        present = await uow.credentials.get(credential)
        if present is None:
            sentence = (
                f"There is no credential {credential[:60]!r}; `core-service credential list` shows those there are."
            )
            raise Permanent(Reason.NOT_FOUND, sentence, path="credential")
        if not present.revoked:
            await uow.credentials.revoke(credential)
            await uow.audit.add(desk.audited("revoke_credential", credential))
            await uow.commit()
    return replace(present, revoked=True)


def _scopes(words: Iterable[str], allowed: frozenset[Scope]) -> frozenset[Scope]:
    known = sorted(scope.value for scope in allowed)
    scopes = set()
    for number, word in enumerate(words):
        if word not in known:
            raise invalid(f"scopes[{number}]", f"{word[:60]!r} is no scope here; there are {', '.join(known)}")
        scopes.add(Scope(word))
    if not scopes:
        raise Permanent(Reason.FIELD_MISSING, f"Name at least one scope of {', '.join(known)}.", path="scopes")
    return frozenset(scopes)


def _make(tenant: str, name: str, scopes: frozenset[Scope], seams: tuple[Clock, Randomness]) -> NewCredential:
    clock, randomness = seams
    secret = new_secret(randomness)
    credential = Credential(
        credential=new_credential_id(randomness),
        tenant=tenant,
        name=name,
        scopes=scopes,
        secret_hash=secret_hash(secret),
        created_at=clock.now(),
    )
    return NewCredential(credential=credential, token=bearer_token(credential.credential, secret))
