"""What stops a message from being booked, shipped or set up: reasons of the core in, advice out."""

from __future__ import annotations

from adapters.reasons import Advice, Owner, Reason

ADVICE: dict[Reason, Advice] = {
    # reading and booking in the core
    Reason.REJECTED_AT_DOOR: Advice(
        Owner.OPERATIONS,
        "The till's door refused the message; the till's staff saw an error.",
        "Read the sentence, correct the till, let it send again; then `core-service exceptions close`.",
    ),
    Reason.DIALECT_UNKNOWN: Advice(
        Owner.INTEGRATION,
        "This version does not know the dialect, or not in this version.",
        "Update the core; what is parked replays by itself when the dialect arrives.",
    ),
    Reason.SKU_UNKNOWN: Advice(
        Owner.OPERATIONS,
        "No SKU, GTIN or alias has this name.",
        "Add it with `core-service sku put`, then it is replayed.",
    ),
    Reason.SKU_RETIRED: Advice(
        Owner.OPERATIONS, "A retired SKU was sold.", "Put it back on sale or correct the till, then replay."
    ),
    Reason.ORIGINAL_UNKNOWN: Advice(
        Owner.OPERATIONS,
        "The document that this one is about is not on record.",
        "If that one is parked, replay it first; this one follows.",
    ),
    Reason.ADDRESS_MISSING: Advice(
        Owner.CALLER, "Something is to be shipped and no address is given.", "Send the document again with an address."
    ),
    Reason.ADDRESS_INVALID: Advice(
        Owner.OPERATIONS,
        "The address cannot be delivered to as it is.",
        "Complete it with the customer and send it again.",
    ),
    Reason.STOCK_BELOW_ZERO: Advice(
        Owner.OPERATIONS,
        "More was sold than the books held; the sale stands.",
        "Count the SKU in that store and adjust.",
    ),
    Reason.RIGHTS_OVERDRAWN: Advice(
        Owner.OPERATIONS,
        "Goods that were promised were sold over the counter.",
        "Source the named orders elsewhere, or receive stock.",
    ),
    Reason.RIGHTS_TRANSFER_UNKNOWN: Advice(
        Owner.OPERATIONS,
        "An agent acknowledged rights that this core never granted.",
        "Report it; look for a restored core.",
    ),
    Reason.INSUFFICIENT_STOCK: Advice(
        Owner.OPERATIONS,
        "Not enough may be promised now.",
        "Receive or transfer stock; waiting orders follow by themselves.",
    ),
    Reason.NO_LOCATION: Advice(
        Owner.OPERATIONS,
        "No location can ship the order: none has the stock, the capacity and a warehouse system.",
        "See the alternatives with `core-service why`; add stock or a location.",
    ),
    # orders, dispatch, webhooks
    Reason.ORDER_NOT_CANCELLABLE: Advice(
        Owner.CALLER, "The goods have left, or are about to.", "Arrange a return instead of a cancellation."
    ),
    Reason.ORDER_UNKNOWN: Advice(
        Owner.CALLER, "No order has this id.", "Check the id and the tenant of the credential."
    ),
    Reason.STATUS_NOT_FORWARD: Advice(
        Owner.NOBODY,
        "A report came late: the order is further already.",
        "Nothing to do; it is recorded without effect.",
    ),
    Reason.WMS_UNREACHABLE: Advice(
        Owner.INTEGRATION,
        "The warehouse system does not answer.",
        "Nothing at first, it is asked again; if it goes on, call its operator.",
    ),
    Reason.WMS_REFUSED: Advice(
        Owner.OPERATIONS, "The warehouse system will not take the dispatch.", "Read its sentence; correct, then replay."
    ),
    Reason.WMS_ANSWER_INVALID: Advice(
        Owner.INTEGRATION,
        "The warehouse system answers outside its contract.",
        "Send its maker the answer and the contract.",
    ),
    Reason.URL_FORBIDDEN: Advice(
        Owner.OPERATIONS,
        "The address is not one the core may call (private, link-local or not https).",
        "Correct it, or allow it in the settings if it is truly yours.",
    ),
    Reason.ATTEMPTS_EXHAUSTED: Advice(
        Owner.OPERATIONS, "Every try failed.", "Read the last error; replay once the cause is mended."
    ),
    Reason.LEASE_LOST: Advice(
        Owner.NOBODY, "Another worker took the work over.", "Nothing to do; the late result was not used."
    ),
    # set-up and requests of the OMS
    Reason.ALREADY_EXISTS: Advice(
        Owner.CALLER, "Something with this name exists already.", "Change it instead, or use another name."
    ),
    Reason.REFERENCE_UNKNOWN: Advice(
        Owner.OPERATIONS,
        "Something that is referred to is not set up.",
        "Set up what the sentence names, then try again.",
    ),
    Reason.PAGE_TOKEN_INVALID: Advice(
        Owner.CALLER, "The page token is not one of this list.", "Begin again with the first page."
    ),
    Reason.RESUME_TOKEN_INVALID: Advice(
        Owner.CALLER,
        "The place to resume from is not known any more.",
        "Begin again without a token; a snapshot comes first.",
    ),
    Reason.EXCEPTION_RESOLVED: Advice(Owner.NOBODY, "The exception has been resolved already.", "Nothing to do."),
    Reason.SETTINGS_INVALID: Advice(
        Owner.TECHNICIAN,
        "Settings are missing or wrong; all of them are listed.",
        "Correct them and run `check-config`.",
    ),
    Reason.DATABASE_UNAVAILABLE: Advice(
        Owner.TECHNICIAN, "The database does not answer.", "Look at the database; the core goes on by itself."
    ),
    Reason.DATABASE_IN_USE: Advice(
        Owner.TECHNICIAN, "A running core uses the database that is to be replaced.", "Stop the core, then try again."
    ),
    Reason.MIGRATION_NEEDED: Advice(
        Owner.TECHNICIAN, "The database is of another version.", "Run `core-service migrate` with this version."
    ),
    Reason.INTERNAL: Advice(
        Owner.INTEGRATION, "A defect of ours.", "Report it with the correlation id; replay after the update."
    ),
}
