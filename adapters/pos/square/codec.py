"""Square's messages: bytes of any request, answer or webhook of API v2 in, vendor structs out; judges nothing, unknown fields are ignored; pure.

Shapes and words are those of square/connect-api-specification (api.json, 2.0). All fields are optional, as they are there, and null is absence.
"""

from __future__ import annotations

from typing import Any

import msgspec

from adapters.errors import Permanent
from adapters.reasons import Reason
from adapters.strict import fit, parse


class Money(msgspec.Struct, frozen=True):
    """Integer minor units and ISO 4217 currency."""

    amount: int | None = None
    currency: str | None = None


class LineItem(msgspec.Struct, frozen=True):
    """A line of an order; `quantity` is decimal text."""

    uid: str | None = None
    name: str | None = None
    quantity: str | None = None
    item_type: str | None = None
    catalog_object_id: str | None = None
    variation_name: str | None = None
    modifiers: list[Any] | None = None
    base_price_money: Money | None = None
    gross_sales_money: Money | None = None
    total_tax_money: Money | None = None
    total_discount_money: Money | None = None
    total_service_charge_money: Money | None = None
    total_money: Money | None = None


class ReturnLineItem(msgspec.Struct, frozen=True):
    """A line that comes back, with amounts above zero; `source_line_item_uid` is the line it was sold in."""

    uid: str | None = None
    source_line_item_uid: str | None = None
    name: str | None = None
    quantity: str | None = None
    item_type: str | None = None
    catalog_object_id: str | None = None
    variation_name: str | None = None
    base_price_money: Money | None = None
    total_discount_money: Money | None = None
    total_money: Money | None = None


class ServiceCharge(msgspec.Struct, frozen=True):
    """A charge on the order, `total_money` with its own additive tax; apportioned ones are inside the lines."""

    treatment_type: str | None = None
    applied_money: Money | None = None
    total_money: Money | None = None


class ReturnTip(msgspec.Struct, frozen=True):
    """A tip given back."""

    applied_money: Money | None = None


class Rounding(msgspec.Struct, frozen=True):
    """Cash rounding, of either sign."""

    amount_money: Money | None = None


class Amounts(msgspec.Struct, frozen=True):
    """Sums of an order or of its returns."""

    total_money: Money | None = None
    tax_money: Money | None = None
    discount_money: Money | None = None
    tip_money: Money | None = None
    service_charge_money: Money | None = None


class Return(msgspec.Struct, frozen=True):
    """Goods that come back within an order; `source_order_id` sold them, absent in a blind return."""

    source_order_id: str | None = None
    return_line_items: list[ReturnLineItem] | None = None
    return_service_charges: list[ServiceCharge] | None = None
    return_tips: list[ReturnTip] | None = None
    rounding_adjustment: Rounding | None = None


class Tender(msgspec.Struct, frozen=True):
    """How a part was paid; `amount_money` includes the tip."""

    id: str | None = None
    type: str | None = None
    payment_id: str | None = None
    amount_money: Money | None = None


class Order(msgspec.Struct, frozen=True):
    """An order in whatever state."""

    id: str | None = None
    location_id: str | None = None
    reference_id: str | None = None
    state: str | None = None
    version: int | None = None
    created_at: str | None = None
    updated_at: str | None = None
    closed_at: str | None = None
    line_items: list[LineItem] | None = None
    returns: list[Return] | None = None
    return_amounts: Amounts | None = None
    net_amounts: Amounts | None = None
    service_charges: list[ServiceCharge] | None = None
    rounding_adjustment: Rounding | None = None
    tenders: list[Tender] | None = None
    total_money: Money | None = None
    total_tax_money: Money | None = None
    total_discount_money: Money | None = None
    total_tip_money: Money | None = None
    total_service_charge_money: Money | None = None


class Payment(msgspec.Struct, frozen=True):
    """A payment; `total_money` is `amount_money` and tip."""

    id: str | None = None
    order_id: str | None = None
    status: str | None = None
    source_type: str | None = None
    amount_money: Money | None = None
    tip_money: Money | None = None
    total_money: Money | None = None
    created_at: str | None = None
    updated_at: str | None = None


class Refund(msgspec.Struct, frozen=True):
    """A refund of a payment, or (with `deadline_duration`) a terminal's request to make one."""

    id: str | None = None
    payment_id: str | None = None
    order_id: str | None = None
    status: str | None = None
    amount_money: Money | None = None
    created_at: str | None = None
    updated_at: str | None = None
    deadline_duration: str | None = None
    device_id: str | None = None

    @property
    def of_terminal(self) -> bool:
        """Whether it is a terminal's request: the refund itself comes in a message of its own."""
        return self.deadline_duration is not None or self.device_id is not None


class InventoryCount(msgspec.Struct, frozen=True):
    """How many of a catalogue object are in a state at a location; `quantity` is decimal text."""

    catalog_object_id: str | None = None
    state: str | None = None
    location_id: str | None = None
    quantity: str | None = None
    calculated_at: str | None = None


class Device(msgspec.Struct, frozen=True, omit_defaults=True):
    """A point of sale device."""

    id: str | None = None
    name: str | None = None


class CashDrawerShift(msgspec.Struct, frozen=True, omit_defaults=True):
    """A cash drawer from opening to closing; expected and counted cash differ by what is missing."""

    id: str | None = None
    state: str | None = None
    opened_at: str | None = None
    ended_at: str | None = None
    closed_at: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
    location_id: str | None = None
    description: str | None = None
    opened_cash_money: Money | None = None
    cash_payment_money: Money | None = None
    cash_refunds_money: Money | None = None
    cash_paid_in_money: Money | None = None
    cash_paid_out_money: Money | None = None
    expected_cash_money: Money | None = None
    closed_cash_money: Money | None = None
    device: Device | None = None
    opening_team_member_id: str | None = None
    ending_team_member_id: str | None = None
    closing_team_member_id: str | None = None
    team_member_ids: list[str] | None = None


class WebhookObject(msgspec.Struct, frozen=True):
    """What a webhook is about; only payments and refunds come whole."""

    payment: Payment | None = None
    refund: Refund | None = None
    inventory_counts: list[InventoryCount] | None = None


class WebhookData(msgspec.Struct, frozen=True):
    """The body of a webhook."""

    type: str | None = None
    id: str | None = None
    object: WebhookObject | None = None


class VendorError(msgspec.Struct, frozen=True):
    """An error that Square answered with."""

    category: str | None = None
    code: str | None = None
    detail: str | None = None


class Message(msgspec.Struct, frozen=True):
    """Any document: an answer with what it carries, a request (with `idempotency_key`), or a webhook (with `event_id` and `data`)."""

    order: Order | None = None
    orders: list[Order] | None = None
    payment: Payment | None = None
    payments: list[Payment] | None = None
    refund: Refund | None = None
    refunds: list[Refund] | None = None
    counts: list[InventoryCount] | None = None
    changes: list[Any] | None = None
    cash_drawer_shift: CashDrawerShift | None = None
    cash_drawer_shifts: list[CashDrawerShift] | None = None
    errors: list[VendorError] | None = None
    cursor: str | None = None
    idempotency_key: str | None = None
    type: str | None = None
    event_id: str | None = None
    merchant_id: str | None = None
    created_at: str | None = None
    data: WebhookData | None = None

    @property
    def is_webhook(self) -> bool:
        """Whether Square sent it by itself."""
        return self.data is not None and self.type is not None


def decode(raw: bytes) -> tuple[Message, tuple[str, ...]]:
    """Return the document and the names of its own fields.

    Raises Permanent as the strict decoder does, with AMOUNT_INVALID for an amount that is no integer of minor units.
    """
    value = parse(raw)
    try:
        message = fit(value, Message)
    except Permanent as error:
        if error.reason is Reason.FIELD_INVALID and error.path.endswith(".amount"):
            sentence = "Square's amounts are integers of minor units; send the message as Square sent it."
            raise Permanent(Reason.AMOUNT_INVALID, sentence, path=error.path) from error
        raise
    return message, tuple(value)
