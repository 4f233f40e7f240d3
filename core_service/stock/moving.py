"""Goods received, moved and counted: a credential and a request in, the levels afterwards out; a repeat gets the first answer (AIP-155).

What arrives at a store is shared: the core keeps its part of the rights and grants the rest, which the store's agent takes over.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from adapters.canonical import rights
from adapters.canonical.key import derived_id
from adapters.canonical.quantity import LARGEST, show
from adapters.canonical.stock import ADJUSTMENT, SUPPLIER, Movement
from adapters.errors import Permanent
from adapters.reasons import Reason
from core_service.domain.setup import Credential, Location, Sku, Store
from core_service.pipeline.answers import Asked, first_answer, remember
from core_service.pipeline.desk import Desk, Draft, Settings
from core_service.pipeline.gather import load_positions
from core_service.pipeline.ingest import Pipeline
from core_service.pipeline.persist import write
from core_service.pipeline.rights import grant_share
from core_service.ports.orders import AuditEntry
from core_service.ports.stock import Level
from core_service.ports.unit_of_work import UnitOfWork

MOST_ITEMS = 1000

Encode = Callable[[Sequence[Level]], bytes]
"""Writes the answer: the levels that changed, by location and SKU."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StockItem:
    """A quantity of what `name` (SKU, GTIN or alias) stands for."""

    name: str
    quantity: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class StockRequest:
    """Goods to book, `note` why: receipts (`to_location` only), transfers (both), adjustments (`to_location`, signed quantities)."""

    request_id: str
    items: tuple[StockItem, ...]
    to_location: str
    from_location: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Booking:
    """One item, resolved: its SKU, quantity and place in the request."""

    cause: str
    line: int
    sku: str
    quantity: Decimal


_Book = Callable[[Draft, StockRequest, _Booking], None]


async def receive_stock(pipeline: Pipeline, credential: Credential, request: StockRequest, encode: Encode) -> bytes:
    """Book goods that arrived from a supplier; quantities above zero."""
    return await _booked(pipeline, credential, request, encode, _RECEIVE)


async def adjust_stock(pipeline: Pipeline, credential: Credential, request: StockRequest, encode: Encode) -> bytes:
    """Set right what a count found; what is missing always books, even below zero."""
    return await _booked(pipeline, credential, request, encode, _ADJUST)


async def transfer_stock(pipeline: Pipeline, credential: Credential, request: StockRequest, encode: Encode) -> bytes:
    """Move goods that the core may promise; raises Permanent(INSUFFICIENT_STOCK) beyond them and moves nothing."""
    return await _booked(pipeline, credential, request, encode, _TRANSFER)


@dataclass(frozen=True, slots=True)
class _Method:
    """A way to move goods: the method's name, the prefix of its causes, how one item is booked, and whether it is signed."""

    name: str
    prefix: str
    book: _Book
    signed: bool = False
    two_places: bool = False


async def _booked(
    pipeline: Pipeline, credential: Credential, request: StockRequest, encode: Encode, method: _Method
) -> bytes:
    asked = Asked(
        caller=credential.credential, method=method.name, request_id=request.request_id, content=_content(request)
    )
    async with pipeline.core.begin(credential.tenant) as uow:
        if (before := await first_answer(uow, asked)) is not None:
            return before
        now = pipeline.clock.now()
        desk = Desk(tenant=uow.tenant, now=now)
        cause = derived_id(method.prefix, uow.tenant, credential.credential, request.request_id)
        bookings = await _prepared(uow, desk, request, method, cause)
        draft = Draft(desk)
        for booking in bookings:
            method.book(draft, request, booking)
        draft.tell(cause, "booked", f"{method.name} by {credential.name}: {request.note or 'no note'}.")
        desk.apply(draft.effects)
        await write(uow, desk)
        await uow.audit.add(
            AuditEntry(at=now, actor=credential.credential, action=method.name, subject=cause, note=request.note)
        )
        answer = await remember(uow, asked, encode(_levels(desk)), now)
        await pipeline.failpoints.hit("stock.before_commit")
        await uow.commit()
    await pipeline.failpoints.hit("stock.committed")
    pipeline.telemetry.count("stock_bookings", method=method.name)
    return answer


async def _prepared(uow: UnitOfWork, desk: Desk, request: StockRequest, method: _Method, cause: str) -> list[_Booking]:
    _check(request, method)
    skus = await uow.skus.resolve(sorted({item.name for item in request.items}))
    places = {"to_location" if method.two_places else "location": request.to_location}
    if method.two_places:
        places = {"from_location": request.from_location, **places}
    locations = {name: await _location(uow, name, path) for path, name in places.items()}
    stores = {name: store for name in sorted(locations) if (store := await uow.stores.get(name)) is not None}
    desk.settings = Settings(stores=stores, skus=skus, locations=locations)
    bookings = [
        _Booking(cause, line, _sku(line, item, skus), item.quantity) for line, item in enumerate(request.items, start=1)
    ]
    await load_positions(uow, desk, [(name, booking.sku) for name in locations for booking in bookings])
    return bookings


async def _location(uow: UnitOfWork, name: str, path: str) -> Location:
    found = await uow.locations.get(name)
    if found is None:
        sentence = f"There is no location {name!r}; list them with ListLocations."
        raise Permanent(Reason.REFERENCE_UNKNOWN, sentence, path=path)
    return found


def _check(request: StockRequest, method: _Method) -> None:
    if not request.items:
        raise Permanent(Reason.FIELD_MISSING, "Give at least one item.", path="items")
    if len(request.items) > MOST_ITEMS:
        raise Permanent(Reason.TOO_LARGE, f"At most {MOST_ITEMS} items a request.", path="items")
    if method.two_places and request.from_location == request.to_location:
        raise Permanent(Reason.FIELD_INVALID, "Goods move between two different locations.", path="to_location")
    for place, item in enumerate(request.items):
        if item.quantity == 0 or (item.quantity < 0 and not method.signed) or abs(item.quantity) >= LARGEST:
            wanted = "other than zero" if method.signed else "above zero"
            sentence = f"Give a quantity {wanted} and below {LARGEST}."
            raise Permanent(Reason.QUANTITY_INVALID, sentence, path=f"items[{place}].quantity")


def _sku(line: int, item: StockItem, skus: dict[str, Sku]) -> str:
    found = skus.get(item.name)
    if found is None:
        sentence = f"No SKU, GTIN or alias is called {item.name!r}; add it with BatchPutSkus."
        raise Permanent(Reason.SKU_UNKNOWN, sentence, path=f"items[{line - 1}].sku")
    return found.sku


def _arrive(draft: Draft, location: str, booking: _Booking) -> None:
    """Goods become the core's to promise; of those at a store it grants the store its part."""
    pair = (location, booking.sku)
    before = draft.position(pair)
    after = rights.receive(before, booking.quantity)
    draft.put(pair, after)
    store: Store | None = draft.desk.settings.stores.get(location)
    if store is not None:
        new_units = after.core_rights - before.core_rights
        grant_share(draft, store, pair, new_units, (booking.cause, booking.line))


def _move(draft: Draft, booking: _Booking, from_location: str, to_location: str) -> None:
    draft.effects.movements.append(
        Movement(
            cause=booking.cause,
            line=booking.line,
            ordinal=0,
            sku=booking.sku,
            from_location=from_location,
            to_location=to_location,
            quantity=abs(booking.quantity),
            occurred_at=draft.desk.now,
        )
    )


def _receive(draft: Draft, request: StockRequest, booking: _Booking) -> None:
    _arrive(draft, request.to_location, booking)
    _move(draft, booking, SUPPLIER, request.to_location)


def _adjust(draft: Draft, request: StockRequest, booking: _Booking) -> None:
    if booking.quantity > 0:
        _arrive(draft, request.to_location, booking)
        _move(draft, booking, ADJUSTMENT, request.to_location)
        return
    pair = (request.to_location, booking.sku)
    draft.put(pair, rights.take(draft.position(pair), -booking.quantity))
    _move(draft, booking, request.to_location, ADJUSTMENT)


def _transfer(draft: Draft, request: StockRequest, booking: _Booking) -> None:
    pair = (request.from_location, booking.sku)
    position = draft.position(pair)
    try:
        draft.put(pair, rights.withdraw(position, booking.quantity))
    except rights.InsufficientRights as error:
        sentence = (
            f"{request.from_location} has {show(position.core_rights)} of {booking.sku} that the core may move, {show(booking.quantity)} "
            "asked; ask for less, or let the store give rights back."
        )
        raise Permanent(Reason.INSUFFICIENT_STOCK, sentence, path=f"items[{booking.line - 1}].quantity") from error
    _arrive(draft, request.to_location, booking)
    _move(draft, booking, request.from_location, request.to_location)


_RECEIVE = _Method("ReceiveStock", "rcv", _receive)
_ADJUST = _Method("AdjustStock", "adj", _adjust, signed=True)
_TRANSFER = _Method("TransferStock", "trf", _transfer, two_places=True)


def _levels(desk: Desk) -> list[Level]:
    return [
        Level(location=location, sku=sku, position=desk.positions[location, sku], updated_at=desk.now)
        for location, sku in sorted(desk.before)
    ]


def _content(request: StockRequest) -> tuple[str, ...]:
    items = tuple(text for item in request.items for text in (item.name, show(item.quantity)))
    return (request.from_location, request.to_location, request.note, *items)
