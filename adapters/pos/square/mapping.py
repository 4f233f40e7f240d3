"""What a Square message means: a decoded document and the till's context in, a Reading out; one message is one document; pure."""

from __future__ import annotations

from adapters.canonical import fingerprint
from adapters.canonical.chain import microseconds
from adapters.canonical.key import BusinessKey
from adapters.canonical.sale import Fact, NotASale, Reading
from adapters.errors import Permanent
from adapters.pos.contract import TillContext
from adapters.pos.square import codec, notices, orders
from adapters.pos.square.amounts import minor
from adapters.pos.square.orders import not_a_sale
from adapters.pos.totals import money
from adapters.reasons import Reason


def reading(message: codec.Message, names: tuple[str, ...], context: TillContext) -> Reading:
    """Return what a message books or records, or that it books nothing.

    Raises Permanent with reason, sentence and path: FIELD_INVALID for several documents in one message, since each is accepted by itself.
    """
    if message.is_webhook:
        return _webhook(message, context)
    if message.idempotency_key is not None:
        return not_a_sale(notices.of_fields(("idempotency_key",)) or "")
    found = _documents(message, context)
    if found:
        return _only(found)
    sentence = notices.of_fields(names)
    if sentence is None:
        said = f"Nothing of Square's is in it (its fields are {', '.join(name[:40] for name in names[:5])}); check the till's dialect; an order stands in `order`."
        raise Permanent(Reason.FIELD_MISSING, said, path="$.order")
    return not_a_sale(sentence)


def _documents(message: codec.Message, context: TillContext) -> list[Reading]:
    found = [orders.reading(order, context, f"$.orders[{at}]") for at, order in enumerate(message.orders or [])]
    found += [_payment(payment, context, f"$.payments[{at}]") for at, payment in enumerate(message.payments or [])]
    found += [_refund(refund, context, f"$.refunds[{at}]") for at, refund in enumerate(message.refunds or [])]
    if message.order is not None:
        found.append(orders.reading(message.order, context))
    if message.payment is not None:
        found.append(_payment(message.payment, context, "$.payment"))
    if message.refund is not None:
        found.append(_refund(message.refund, context, "$.refund"))
    return found


def _only(found: list[Reading]) -> Reading:
    booking = [reading for reading in found if not isinstance(reading.document, NotASale)]
    if len(booking) > 1:
        sentence = (
            f"The message holds {len(booking)} documents; send each by itself, so that each gets its own receipt."
        )
        raise Permanent(Reason.FIELD_INVALID, sentence, path="$")
    return booking[0] if booking else found[0]


def _webhook(message: codec.Message, context: TillContext) -> Reading:
    kind = message.type or ""
    inside = message.data.object if message.data else None
    if inside is not None and inside.payment is not None and kind.startswith("payment."):
        return _payment(inside.payment, context, "$.data.object.payment")
    if inside is not None and inside.refund is not None and kind.startswith("refund."):
        return _refund(inside.refund, context, "$.data.object.refund")
    return not_a_sale(notices.of_webhook(kind))


def _payment(payment: codec.Payment, context: TillContext, path: str) -> Reading:
    if payment.id is None:
        return not_a_sale("A payment without an id is a request; Square's answer is recorded.")
    return _fact("payment", payment, payment.total_money or payment.amount_money, context, path)


def _refund(refund: codec.Refund, context: TillContext, path: str) -> Reading:
    if refund.id is None:
        return not_a_sale("A refund without an id is a request; Square's answer is recorded.")
    if refund.of_terminal:
        return not_a_sale(notices.of_webhook("terminal."))
    return _fact("refund", refund, refund.amount_money, context, path)


def _fact(
    kind: str, said: codec.Payment | codec.Refund, paid: codec.Money | None, context: TillContext, path: str
) -> Reading:
    """Return a fact about an order; when it was last updated is its revision, since Square's answers carry no number for it."""
    name = "updated_at" if said.updated_at else "created_at"
    text = said.updated_at or said.created_at
    if text is None:
        raise Permanent(Reason.FIELD_MISSING, f"A {kind} says when it was made.", path=f"{path}.created_at")
    moment, _, _ = orders.when(text, context, f"{path}.{name}")
    currency = paid.currency or context.currency if paid else context.currency
    fact = Fact(
        kind=kind,
        reference=said.id or "",
        about=said.order_id or "",
        occurred_at=moment,
        amount=money(minor(paid), currency, f"{path}.amount_money") if paid and paid.amount is not None else None,
        status=said.status or "",
    )
    key = BusinessKey(
        kind=kind,
        source=f"{context.store}/square",
        reference=fact.reference,
        revision=microseconds(moment) // 1000,
        fingerprint=fingerprint.of_fact(fact),
        fingerprint_version=fingerprint.VERSION,
    )
    return Reading(document=fact, key=key)
