"""The loop that keeps the certificate fresh: the present identity in, the next one stored and used out; whatever fails, tills sell on."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import msgspec
import structlog

from adapters.errors import AuthenticationFailed, Permanent, TillstreamError
from adapters.reasons import Reason
from adapters.seams.clock import Clock
from adapters.seams.randomness import Randomness
from adapters.seams.telemetry import Telemetry
from edge_agent.identity.issuing import IssuedCertificate, Issuer
from edge_agent.identity.keys import fits, new_key, recovery_proof, signing_request
from edge_agent.identity.keystore import Identity, Keystore
from edge_agent.identity.rotation import LONGEST_WAIT, Step, by_own_clock, next_step, retry_ceiling, waiting_seconds

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalSeams:
    """What is injected."""

    clock: Clock
    randomness: Randomness
    telemetry: Telemetry


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalStatus:
    """What a technician sees: `sentence` tells the last failure, empty when there is none."""

    step: Step
    failures: int
    reason: str = ""
    sentence: str = ""


class Renewal:
    """Holds the present identity; `run` is kept as a task by app.py, `identity` is what new connections use."""

    def __init__(self, identity: Identity, keystore: Keystore, issuer: Issuer, seams: RenewalSeams) -> None:
        self._identity = identity
        self._keystore = keystore
        self._issuer = issuer
        self._seams = seams
        self._jitter = seams.randomness.uniform(0.0, 1.0)
        self._failures = 0
        self._trouble: TillstreamError | None = None

    @property
    def identity(self) -> Identity:
        """Who the box is, by its newest certificate."""
        return self._identity

    @property
    def status(self) -> RenewalStatus:
        """Return what is to be done, and what failed last."""
        step = next_step(self._identity.validity, self._seams.clock.now(), self._jitter)
        if self._trouble is None:
            return RenewalStatus(step=step, failures=self._failures)
        reason, sentence = self._trouble.reason.value, self._trouble.sentence
        return RenewalStatus(step=step, failures=self._failures, reason=reason, sentence=sentence)

    async def run(self) -> None:
        """Renew or recover when it is time, for as long as the process lives."""
        while True:
            await self._seams.clock.sleep(await self.once())

    async def once(self) -> float:
        """Do what is to be done now and return how many seconds to wait; never raises what a core, a line or a disk may cause."""
        now = self._seams.clock.now()
        validity = self._identity.validity
        self._seams.telemetry.gauge("certificate_seconds_left", (validity.expires_at - now).total_seconds())
        step = next_step(validity, now, self._jitter)
        if step is Step.WAIT:
            return waiting_seconds(validity, now, self._jitter)
        try:
            await self._take(step)
        except TillstreamError as error:
            return self._failed(step, error)
        except Exception as error:  # the loop's outermost edge: logged, counted, tried again
            log.exception("the certificate could not be renewed", step=step)
            sentence = f"Renewing failed inside the agent ({type(error).__name__}); it is tried again, see the log."
            return self._failed(step, Permanent(Reason.INTERNAL, sentence))
        self._failures, self._trouble = 0, None
        self._seams.telemetry.count("certificate_renewals", step=step, outcome="OK")
        log.info("the certificate is renewed", step=step, expires_at=self._identity.expires_at.isoformat())
        return LONGEST_WAIT

    async def _take(self, step: Step) -> None:
        stored = await asyncio.to_thread(self._keystore.load)
        if stored is not None and stored != self._identity:
            # A technician has enrolled the box anew while this process ran: what is on the disk counts, and is not written over.
            self._identity = stored
            return
        key = await asyncio.to_thread(self._keystore.next_key, new_key)
        csr = await asyncio.to_thread(signing_request, key)
        if step is Step.RENEW:
            issued = await self._issuer.renew(self._identity, csr)
        else:
            proof = await asyncio.to_thread(recovery_proof, self._identity.key_pem, csr)
            issued = await self._issuer.recover(self._identity, csr, proof)
        await self._keep(key, issued)

    async def _keep(self, key: bytes, issued: IssuedCertificate) -> None:
        if not await asyncio.to_thread(fits, key, issued.certificate_pem):
            sentence = "The core answered with a certificate for another key; it is asked again."
            raise AuthenticationFailed(Reason.CERTIFICATE_REFUSED, sentence)
        validity = by_own_clock(self._seams.clock.now(), issued.renew_at, issued.expires_at)
        renewed = msgspec.structs.replace(
            self._identity,
            key_pem=key,
            certificate_pem=issued.certificate_pem,
            bundle_pem=issued.bundle_pem,
            issued_at=validity.issued_at,
            renew_at=validity.renew_at,
            expires_at=validity.expires_at,
        )
        await asyncio.to_thread(self._keystore.save, renewed)
        self._identity = renewed
        self._jitter = self._seams.randomness.uniform(0.0, 1.0)

    def _failed(self, step: Step, error: TillstreamError) -> float:
        self._failures += 1
        self._trouble = error
        self._seams.telemetry.count("certificate_renewals", step=step, outcome=error.reason.value)
        log.warning("the certificate is not renewed", step=step, reason=error.reason, sentence=error.sentence)
        ceiling = retry_ceiling(self._identity.validity, self._seams.clock.now(), self._failures)
        return self._seams.randomness.uniform(ceiling / 2, ceiling)
