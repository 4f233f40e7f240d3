"""The REST transport: HTTP requests in, the shapes of `answers` out; decides nothing, all of that is acceptance's and lookup's.

    POST /v1/sales /v1/returns /v1/voids     a till's message, in the dialect that the till is set up with; key in the header
    POST /v1/webhooks/{till}                 a vendor's message about that till, signed by the vendor instead
    GET  /v1/sales/{receipt}                 what became of an accepted message
    GET  /v1/stock/{sku}  /v1/stock?sku=..   stock with its age          GET /v1/orders/{order_id}
    GET  /healthz /readyz /metrics /openapi.json /v1/status (this machine only)

A first acceptance answers 201, a repeat 200 with the same receipt, a message that books nothing 200 with reason NOT_A_SALE.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import Receive, Scope, Send

from adapters.canonical.sale import NotASale
from adapters.errors import Permanent
from adapters.pos.contract import Door
from adapters.reasons import Reason
from edge_agent.intake import answers, openapi
from edge_agent.intake.acceptance import Acceptance, Arrival
from edge_agent.intake.body import read_body, require_json
from edge_agent.intake.doorway import Doorway, DoorwaySeams
from edge_agent.intake.questions import Questions, order_answer, stock_answer, stock_list_answer
from edge_agent.intake.settings import RestSettings
from edge_agent.intake.sign_in import SignIn, is_loopback
from edge_agent.intake.vendor_signature import verify_webhook
from edge_agent.ports import Accepted, Cache, CachedTill, ReceiptState

_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}", re.ASCII)
_IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,255}", re.ASCII)
_JSON_HEADERS = ((b"content-type", b"application/json"), (b"cache-control", b"no-store"))
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True, kw_only=True)
class RestParts:
    """What the routes call; each is another room's, wired in `app.py`.

    `readiness` names each part with `ok` or a sentence; `status` is JSON for the operator of this machine.
    """

    acceptance: Acceptance
    sign_in: SignIn
    cache: Cache
    receipt: Callable[[str], Awaitable[ReceiptState | None]]
    lookup: Questions
    readiness: Callable[[], Mapping[str, str]]
    may_stop: frozenset[str]
    status: Callable[[], Awaitable[bytes]]
    metrics: Callable[[], bytes]


def application(parts: RestParts, settings: RestSettings, seams: DoorwaySeams) -> Doorway:
    """Return the ASGI application."""
    router = Router(routes=Rest(parts, settings, seams).routes(), redirect_slashes=False, default=_nowhere)
    return Doorway(router, settings.max_requests, seams)


class Rest:
    """The routes' handlers; their names are the `door` label of the request metrics."""

    def __init__(self, parts: RestParts, settings: RestSettings, seams: DoorwaySeams) -> None:
        self._parts = parts
        self._settings = settings
        self._guard = seams.guard

    def routes(self) -> list[Route]:
        """Return every route, the busiest first; openapi.json is held against this list by a test."""
        return [
            Route("/v1/sales", self.sales, methods=["POST"]),
            Route("/v1/stock/{sku:path}", self.stock, methods=["GET"]),
            Route("/v1/returns", self.returns, methods=["POST"]),
            Route("/v1/voids", self.voids, methods=["POST"]),
            Route("/v1/webhooks/{till}", self.webhooks, methods=["POST"]),
            Route("/v1/sales/{receipt_id}", self.receipt, methods=["GET"]),
            Route("/v1/stock", self.stock_list, methods=["GET"]),
            Route("/v1/orders/{order_id}", self.order, methods=["GET"]),
            Route("/v1/status", self.status, methods=["GET"]),
            Route("/healthz", self.healthz, methods=["GET"]),
            Route("/readyz", self.readyz, methods=["GET"]),
            Route("/metrics", self.metrics, methods=["GET"]),
            Route("/openapi.json", self.openapi, methods=["GET"]),
        ]

    async def sales(self, request: Request) -> Response:
        """Take a sale."""
        return await self._take(request, Door.SALES)

    async def returns(self, request: Request) -> Response:
        """Take goods that came back."""
        return await self._take(request, Door.RETURNS)

    async def voids(self, request: Request) -> Response:
        """Take the word that a document is void."""
        return await self._take(request, Door.VOIDS)

    async def webhooks(self, request: Request) -> Response:
        """Take a vendor's webhook: its signature over the original bytes stands for a key."""
        headers = _headers(request)
        raw = await self._body(request, headers)
        till = verify_webhook(await self._parts.cache.till(request.path_params["till"]), headers, raw)
        return await self._accept(_arrival(headers, till, raw, None))

    async def receipt(self, request: Request) -> Response:
        """Tell what became of a receipt."""
        await self._till(request)
        state = await self._parts.receipt(request.path_params["receipt_id"])
        if state is None:
            sentence = "This agent has given no such receipt, or has deleted it long after it was settled."
            raise Permanent(Reason.NOT_FOUND, sentence)
        order_ids = state.verdict.order_ids if state.verdict else ()
        told = [await self._parts.lookup.known_order(order_id) for order_id in order_ids]
        return _json(_receipt_state(state, tuple(order_answer(order) for order in told if order is not None)))

    async def stock(self, request: Request) -> Response:
        """Tell the stock of one SKU."""
        await self._till(request)
        return _json(stock_answer(await self._parts.lookup.stock(request.path_params["sku"])))

    async def stock_list(self, request: Request) -> Response:
        """Tell the stock of several SKUs."""
        await self._till(request)
        return _json(stock_list_answer(await self._parts.lookup.stocks(request.query_params.getlist("sku"))))

    async def order(self, request: Request) -> Response:
        """Tell what the core said about an order."""
        await self._till(request)
        return _json(order_answer(await self._parts.lookup.order(request.path_params["order_id"])))

    async def status(self, request: Request) -> Response:
        """Tell `edge-agent status` how the agent does; asked from elsewhere there is nothing here."""
        if not is_loopback(_client(request)):
            raise Permanent(Reason.NOT_FOUND, "There is nothing at this address; see /openapi.json.")
        return _Json(await self._parts.status())

    async def healthz(self, request: Request) -> Response:
        """Tell that the process lives."""
        return _json(answers.HealthAnswer())

    async def readyz(self, request: Request) -> Response:
        """Tell whether tills can sell."""
        parts = dict(self._parts.readiness())
        ready = all(parts[name] == "ok" for name in parts if name in self._parts.may_stop)
        answer = answers.ReadinessAnswer(status="ok" if ready else "not ready", parts=parts)
        return _json(answer, 200 if ready else 503)

    async def metrics(self, request: Request) -> Response:
        """Give all metrics in Prometheus' text format."""
        return Response(self._parts.metrics(), media_type="text/plain; version=0.0.4; charset=utf-8")

    async def openapi(self, request: Request) -> Response:
        """Give this API's description."""
        return Response(openapi.document(self._settings.max_body_bytes), media_type="application/json")

    async def _take(self, request: Request, door: Door) -> Response:
        headers = _headers(request)
        till = await self._parts.sign_in.till(headers, _client(request))
        raw, key = b"", ""
        try:
            raw = await self._body(request, headers)
            require_json(headers)
            key = self._idempotency_key(headers)
        except Permanent as refusal:
            await self._parts.acceptance.refuse(_arrival(headers, till, raw, door), refusal)
            raise
        return await self._accept(_arrival(headers, till, raw, door, key))

    async def _accept(self, arrival: Arrival) -> Response:
        outcome = await self._parts.acceptance.accept(arrival)
        if isinstance(outcome, NotASale):
            return _json(answers.NothingToBook(sentence=outcome.sentence))
        return _receipt(outcome)

    async def _till(self, request: Request) -> CachedTill:
        return await self._parts.sign_in.till(_headers(request), _client(request))

    async def _body(self, request: Request, headers: Mapping[str, str]) -> bytes:
        return await read_body(request, headers, self._settings.max_body_bytes, self._settings.body_seconds)

    def _idempotency_key(self, headers: Mapping[str, str]) -> str:
        key = headers.get("idempotency-key", "")
        if key and (not _IDEMPOTENCY_KEY.fullmatch(key) or self._guard(key) != key):
            sentence = (
                "Idempotency-Key takes 1 to 255 visible ASCII characters without spaces, and no card number; "
                "leave it out where the till's receipt number says enough."
            )
            raise Permanent(Reason.FIELD_INVALID, sentence, path="Idempotency-Key")
        return key


def _headers(request: Request) -> dict[str, str]:
    """Return the headers by name in lower case, as one dictionary: a till's request asks for seven of them."""
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in request.scope["headers"]}


def _arrival(headers: Mapping[str, str], till: CachedTill, raw: bytes, door: Door | None, key: str = "") -> Arrival:
    trace = headers.get("traceparent", "")
    traceparent = trace if trace and _TRACEPARENT.fullmatch(trace) else ""
    return Arrival(till=till, raw=raw, transport="rest", door=door, idempotency_key=key, traceparent=traceparent)


def _client(request: Request) -> str:
    return request.client.host if request.client else ""


class _Json(Response):
    """A JSON answer. Its headers are always the same, so they are written down and not worked out for each answer."""

    def __init__(self, content: bytes, status: int = 200, *more: tuple[bytes, bytes]) -> None:
        self.status_code = status
        self.body = content
        self.background = None
        self.raw_headers = [(b"content-length", b"%d" % len(content)), *_JSON_HEADERS, *more]


def _json(answer: msgspec.Struct, status: int = 200) -> Response:
    return _Json(_encode(answer), status)


def _receipt(accepted: Accepted) -> Response:
    answer = answers.ReceiptAnswer(
        receipt_id=accepted.receipt_id, first=accepted.first, received_at=accepted.received_at
    )
    location = (b"location", b"/v1/sales/" + accepted.receipt_id.encode("ascii"))
    return _Json(_encode(answer), 201 if accepted.first else 200, location)


def _receipt_state(state: ReceiptState, orders: tuple[answers.OrderAnswer, ...]) -> answers.ReceiptStateAnswer:
    verdict = state.verdict
    return answers.ReceiptStateAnswer(
        receipt_id=state.receipt_id,
        till=state.till,
        settled=verdict is not None,
        received_at=state.received_at,
        orders=orders,
        verdict=None
        if verdict is None
        else answers.VerdictAnswer(
            outcome=verdict.outcome.value,
            reason=verdict.reason,
            sentence=verdict.sentence,
            record_id=verdict.record_id,
            order_ids=verdict.order_ids,
        ),
    )


async def _nowhere(_scope: Scope, _receive: Receive, _send: Send) -> None:
    raise Permanent(Reason.NOT_FOUND, "There is nothing at this address; see /openapi.json.")
