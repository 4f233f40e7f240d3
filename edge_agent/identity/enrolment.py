"""Becoming an agent: a technician's join token in, an identity on disk out; interrupted anywhere, the same token finishes it."""

from __future__ import annotations

import asyncio

from adapters.canonical.join_token import JoinTokenError, decode_join_token
from adapters.errors import Permanent
from adapters.reasons import Reason
from adapters.seams.clock import Clock
from edge_agent.identity.issuing import Issuer
from edge_agent.identity.keys import new_key, signing_request
from edge_agent.identity.keystore import Identity, Keystore
from edge_agent.identity.rotation import by_own_clock


async def enrol(text: str, keystore: Keystore, issuer: Issuer, clock: Clock, *, replace: bool = False) -> Identity:
    """Use a join token and store who the box is now.

    Raises Permanent(ALREADY_EXISTS) when it is an agent already and `replace` is not set, AuthenticationFailed(JOIN_TOKEN_INVALID |
    JOIN_TOKEN_USED) for a token of no use, Transient(CORE_UNREACHABLE) when the core could not be asked: run it again then.
    """
    try:
        token = decode_join_token(text)
    except JoinTokenError as error:
        sentence = f"This is no join token: {error}. Copy the whole line that `core-service token create` printed."
        raise Permanent(Reason.JOIN_TOKEN_INVALID, sentence) from error
    present = await asyncio.to_thread(keystore.load)
    if present is not None and not replace:
        sentence = f"This box is agent {present.agent} of store {present.store} already; `edge-agent enrol --replace` makes it another."
        raise Permanent(Reason.ALREADY_EXISTS, sentence)
    key = await asyncio.to_thread(keystore.next_key, new_key)
    admitted = await issuer.enrol(token, signing_request(key))
    validity = by_own_clock(clock.now(), admitted.issued.renew_at, admitted.issued.expires_at)
    identity = Identity(
        tenant=admitted.tenant,
        store=admitted.store,
        agent=admitted.agent,
        api_address=token.api_address,
        agents_address=admitted.agents_address or token.agents_address,
        key_pem=key,
        certificate_pem=admitted.issued.certificate_pem,
        bundle_pem=admitted.issued.bundle_pem,
        issued_at=validity.issued_at,
        renew_at=validity.renew_at,
        expires_at=validity.expires_at,
    )
    await asyncio.to_thread(keystore.save, identity)
    return identity
