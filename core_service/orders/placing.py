"""The OMS orders and cancels: a credential and a request in, the order as recorded out; a repeat gets the first answer (AIP-155)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from adapters.canonical.address import Address
from adapters.canonical.money import Money
from adapters.canonical.order import OrderLine, OrderRequest
from adapters.canonical.quantity import show
from adapters.errors import Permanent
from adapters.reasons import Reason
from core_service.domain.order import Order
from core_service.domain.setup import Credential, Sku
from core_service.pipeline.answers import Asked, first_answer, remember
from core_service.pipeline.desk import Desk, Draft, Settings
from core_service.pipeline.gather import load_candidates, load_order
from core_service.pipeline.ingest import Pipeline
from core_service.pipeline.names import order_id
from core_service.pipeline.persist import write
from core_service.pipeline.reserve import cancel_order as cancel_drafted
from core_service.pipeline.reserve import place
from core_service.ports.orders import AuditEntry
from core_service.ports.unit_of_work import UnitOfWork

LONGEST_REFERENCE = 200
MOST_LINES = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedLine:
    """A wanted quantity, above zero, of what `name` (SKU, GTIN or alias) stands for."""

    name: str
    quantity: Decimal
    unit_price: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOrder:
    """An order of the OMS; `reference` is unique for the credential."""

    request_id: str
    reference: str
    lines: tuple[WantedLine, ...]
    ship_to: Address
    total: Money | None = None


async def create_order(
    pipeline: Pipeline, credential: Credential, wanted: NewOrder, encode: Callable[[Order], bytes]
) -> bytes:
    """Record an order, reserved and routed where a location can ship it, and return its answer as `encode` writes it.

    Raises Permanent with the path of the field (SKU_UNKNOWN, QUANTITY_INVALID, ADDRESS_INVALID ...), REQUEST_ID_REUSED for the id of another
    request, ALREADY_EXISTS for the reference of another order.
    """
    asked = Asked(
        caller=credential.credential,
        method="CreateOrder",
        request_id=wanted.request_id,
        content=_content(wanted),
    )
    async with pipeline.core.begin(credential.tenant) as uow:
        if (before := await first_answer(uow, asked)) is not None:
            return before
        now = pipeline.clock.now()
        desk = Desk(tenant=uow.tenant, now=now)
        request = await _request(uow, desk, credential, wanted)
        draft = Draft(desk)
        order = place(draft, request, pipeline.router)
        desk.apply(draft.effects)
        await write(uow, desk)
        answer = await remember(uow, asked, encode(order), now)
        await pipeline.failpoints.hit("order.before_commit")
        await uow.commit()
    await pipeline.failpoints.hit("order.committed")
    pipeline.telemetry.count("orders_created", status=order.status)
    return answer


async def cancel_order(pipeline: Pipeline, credential: Credential, order_id: str, note: str) -> Order:
    """Cancel an order, or ask its warehouse to stop; asking again changes nothing.

    Raises Permanent(ORDER_UNKNOWN), Permanent(ORDER_NOT_CANCELLABLE) once it is picked.
    """
    async with pipeline.core.begin(credential.tenant) as uow:
        now = pipeline.clock.now()
        desk = Desk(tenant=uow.tenant, now=now)
        order = await load_order(uow, desk, order_id)
        if order is None:
            raise Permanent(Reason.ORDER_UNKNOWN, f"There is no order {order_id!r}.", path="order_id")
        draft = Draft(desk)
        cancelled = cancel_drafted(draft, order, f"Cancelled by {credential.name}: {note or 'no reason given'}.")
        if cancelled is None:
            sentence = f"The order is {order.status} already and goes on; take it back as a return when it has arrived."
            raise Permanent(Reason.ORDER_NOT_CANCELLABLE, sentence)
        if cancelled is order:
            return order
        desk.apply(draft.effects)
        await write(uow, desk)
        await uow.audit.add(
            AuditEntry(at=now, actor=credential.credential, action="cancel order", subject=order_id, note=note)
        )
        await pipeline.failpoints.hit("order.before_commit")
        await uow.commit()
    pipeline.telemetry.count("orders_cancelled", status=cancelled.status)
    return cancelled


async def _request(uow: UnitOfWork, desk: Desk, credential: Credential, wanted: NewOrder) -> OrderRequest:
    _check(wanted)
    skus = await uow.skus.resolve(sorted({line.name for line in wanted.lines}))
    lines = tuple(_line(number, line, skus) for number, line in enumerate(wanted.lines, start=1))
    source = f"api/{credential.credential}"
    name = order_id(uow.tenant, source, wanted.reference)
    if await uow.orders.get(name) is not None:
        sentence = f"Order {name} has the reference {wanted.reference!r} already; number this one anew."
        raise Permanent(Reason.ALREADY_EXISTS, sentence, path="reference")
    desk.settings = Settings(skus=skus)
    await load_candidates(uow, desk, [line.sku for line in lines])
    return OrderRequest(
        order_id=name,
        reference=wanted.reference,
        source=source,
        lines=lines,
        ship_to=wanted.ship_to,
        total=wanted.total,
        placed_at=desk.now,
    )


def _line(number: int, line: WantedLine, skus: dict[str, Sku]) -> OrderLine:
    sku = skus.get(line.name)
    path = f"lines[{number - 1}]"
    if sku is None:
        sentence = f"No SKU, GTIN or alias is called {line.name!r}; add it with BatchPutSkus."
        raise Permanent(Reason.SKU_UNKNOWN, sentence, path=f"{path}.sku")
    if sku.retired:
        raise Permanent(Reason.SKU_RETIRED, f"SKU {sku.sku!r} is retired; order another one.", path=f"{path}.sku")
    if line.quantity <= 0:
        raise Permanent(Reason.QUANTITY_INVALID, "Order a quantity above zero.", path=f"{path}.quantity")
    return OrderLine(number=number, sku=sku.sku, quantity=line.quantity, unit_price=line.unit_price)


def _check(wanted: NewOrder) -> None:
    if not wanted.reference:
        raise Permanent(Reason.FIELD_MISSING, "Give the order the number it has at its source.", path="reference")
    if len(wanted.reference) > LONGEST_REFERENCE:
        raise Permanent(Reason.FIELD_INVALID, f"At most {LONGEST_REFERENCE} characters.", path="reference")
    if not wanted.lines:
        raise Permanent(Reason.FIELD_MISSING, "Order at least one line.", path="lines")
    if len(wanted.lines) > MOST_LINES:
        raise Permanent(Reason.TOO_LARGE, f"At most {MOST_LINES} lines an order.", path="lines")
    currencies = sorted({price.currency for line in wanted.lines if (price := line.unit_price)})
    if wanted.total is not None and any(currency != wanted.total.currency for currency in currencies):
        raise Permanent(Reason.CURRENCY_INVALID, "Give all amounts in the currency of the total.", path="lines")


def _content(wanted: NewOrder) -> tuple[str, ...]:
    to = wanted.ship_to
    head = (wanted.reference, str(wanted.total), to.name, to.city, to.country_code, to.region, to.postal_code)
    lines = tuple(text for line in wanted.lines for text in (line.name, show(line.quantity), str(line.unit_price)))
    return (*head, to.phone, to.email, str(len(to.lines)), *to.lines, *lines)
