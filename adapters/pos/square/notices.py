"""Square's messages that book nothing: their field names or webhook types in, a sentence for the sender out; pure."""

from __future__ import annotations

_WEBHOOKS = {
    "order.": "A notice that an order changed carries no lines; fetch the order and send it, that books.",
    "payment.": "A notice without the payment itself; send the payment, that is recorded.",
    "refund.": "A notice without the refund itself; send the refund, that is recorded.",
    "terminal.": "A terminal's progress; the payment, refund and order come in messages of their own.",
    "inventory.": "Square's own stock counts; the stock here follows from sales, returns and counts made here.",
    "payout.": "Money paid out to the merchant; no sale.",
    "dispute.": "A dispute about a payment; no goods move.",
    "gift_card": "A gift card's balance; the sale of the card is an order.",
    "catalog.": "A change of Square's catalogue; the catalogue here is set up in the core.",
    "customer.": "A customer's record; no sale.",
    "location.": "A location's record; no sale.",
    "invoice.": "An invoice; its order books when it is completed.",
    "subscription.": "A subscription; its orders book when they are completed.",
    "loyalty.": "Loyalty points; no sale.",
    "booking.": "An appointment; its order books when it is completed.",
    "labor.": "Working hours; no sale.",
    "team_member.": "A team member's record; no sale.",
    "cash_drawer.": "A cash drawer's figures; no sale.",
}
_REQUEST = "A request to Square; its answer is what books."
_STOCK = _WEBHOOKS["inventory."]
_FIELDS = {
    **dict.fromkeys(("counts", "count", "changes", "adjustment", "transfer", "physical_count"), _STOCK),
    **dict.fromkeys(("catalog_object", "catalog_objects", "objects", "items", "id_mappings"), _WEBHOOKS["catalog."]),
    **dict.fromkeys(("related_objects", "matched_variation_ids", "catalog_version"), _WEBHOOKS["catalog."]),
    **dict.fromkeys(("deleted_object_ids", "deleted_at", "catalog_object_id"), _WEBHOOKS["catalog."]),
    **dict.fromkeys(
        ("checkout", "checkouts", "action", "actions", "device_code", "device_codes"), _WEBHOOKS["terminal."]
    ),
    **dict.fromkeys(("cash_drawer_shift", "cash_drawer_shifts", "cash_drawer_shift_events"), _WEBHOOKS["cash_drawer."]),
    **dict.fromkeys(("customer", "customers", "group", "groups", "segment", "segments"), _WEBHOOKS["customer."]),
    **dict.fromkeys(("location", "locations", "merchant", "merchants"), _WEBHOOKS["location."]),
    **dict.fromkeys(("payout", "payouts", "payout_entries"), _WEBHOOKS["payout."]),
    **dict.fromkeys(("dispute", "disputes", "evidence"), _WEBHOOKS["dispute."]),
    **dict.fromkeys(("gift_card", "gift_cards", "gift_card_activity", "gift_card_activities"), _WEBHOOKS["gift_card"]),
    **dict.fromkeys(("invoice", "invoices"), _WEBHOOKS["invoice."]),
    **dict.fromkeys(("subscription", "subscriptions", "subscription_events"), _WEBHOOKS["subscription."]),
    **dict.fromkeys(
        ("loyalty_account", "loyalty_accounts", "program", "programs", "event", "events"), _WEBHOOKS["loyalty."]
    ),
    **dict.fromkeys(("promotion", "promotions", "loyalty_promotion", "loyalty_promotions"), _WEBHOOKS["loyalty."]),
    **dict.fromkeys(("reward", "rewards", "loyalty_event"), _WEBHOOKS["loyalty."]),
    **dict.fromkeys(("booking", "bookings", "availabilities", "business_booking_profile"), _WEBHOOKS["booking."]),
    **dict.fromkeys(("team_member_booking_profile", "team_member_booking_profiles"), _WEBHOOKS["booking."]),
    **dict.fromkeys(("shift", "shifts", "break_type", "break_types", "workweek_config"), _WEBHOOKS["labor."]),
    **dict.fromkeys(("workweek_configs", "timecard", "timecards", "scheduled_shift"), _WEBHOOKS["labor."]),
    **dict.fromkeys(
        ("team_member", "team_members", "wage_setting", "team_member_wage", "team_member_wages"),
        _WEBHOOKS["team_member."],
    ),
    **dict.fromkeys(
        ("job", "jobs", "employee", "employees", "employee_wage", "employee_wages"), _WEBHOOKS["team_member."]
    ),
    "order_entries": "A list of order numbers; send each order by itself, that books.",
    **dict.fromkeys(("card", "cards", "bank_account", "bank_accounts"), "A stored means of payment; no sale."),
    **dict.fromkeys(("payment_link", "payment_links"), "A link to pay by; its order books when it is completed."),
    **dict.fromkeys(("snippet", "site", "sites", "vendor", "vendors", "domain"), "A record of Square's own; no sale."),
    **dict.fromkeys(("custom_attribute", "custom_attributes", "custom_attribute_definition"), "An attribute; no sale."),
    **dict.fromkeys(("custom_attribute_definitions", "values"), "Attributes; no sale."),
    **dict.fromkeys(("access_token", "refresh_token", "success", "status", "code"), "An answer about access; no sale."),
    **dict.fromkeys(
        ("webhook_subscription", "event_types", "subscription_test_result"), "Settings of webhooks; no sale."
    ),
    **dict.fromkeys(("errors",), "Square answered with errors; nothing happened."),
    **dict.fromkeys(
        ("cursor", "order", "orders", "payment", "payments", "refund", "refunds"),
        "A page without entries; nothing happened.",
    ),
    **dict.fromkeys(
        """idempotency_key order_id order_ids payment_id payment_ids location_id location_ids catalog_object_ids query limit filter
        object_ids object batches sources source_id merchant_id updated_after types states amount_money customer_id
        client_id sort_order version version_token begin_time end_time""".split(),
        _REQUEST,
    ),
}

_OF_A_SALE = frozenset(
    "line_items lines total total_money total_price total_amount tenders receipt_number sold_at".split()
)
"""Square puts none of these at the top of a document: with one of them it is a sale of another language, or without its envelope."""


def of_webhook(kind: str) -> str:
    """Return the sentence for a webhook of this type."""
    for prefix, sentence in _WEBHOOKS.items():
        if kind.startswith(prefix):
            return sentence
    return f"A notice of type {kind[:60]!a} books nothing."


def of_fields(names: tuple[str, ...]) -> str | None:
    """Return the sentence for a document with these fields, None when none of them is Square's, or when it may be a sale after all."""
    if not _OF_A_SALE.isdisjoint(names):
        return None
    if not names:
        return "An empty answer; nothing happened."
    if "idempotency_key" in names:
        return _REQUEST
    known = (sentence for name, sentence in _FIELDS.items() if name in names)
    return next(known, None)
