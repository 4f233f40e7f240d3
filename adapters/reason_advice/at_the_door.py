"""What is wrong with a message, its sender or its being sent again: reasons of the doors in, advice out."""

from __future__ import annotations

from adapters.reasons import Advice, Owner, Reason

ADVICE: dict[Reason, Advice] = {
    # a message at a door
    Reason.MALFORMED_JSON: Advice(
        Owner.CALLER,
        "The bytes are no JSON document in UTF-8.",
        "Send one well-formed JSON document without a byte order mark; the path says where reading stopped.",
    ),
    Reason.DUPLICATE_FIELD: Advice(
        Owner.CALLER,
        "A name stands twice in one object, so nobody can know which value was meant.",
        "Send each name once.",
    ),
    Reason.NUMBER_OUT_OF_RANGE: Advice(
        Owner.CALLER,
        "A number is not finite, does not fit 64 bits, or has more than 40 digits.",
        "Send a finite number, or long digit strings as text.",
    ),
    Reason.TEXT_NOT_STORABLE: Advice(
        Owner.CALLER,
        "Text holds U+0000 or half of a surrogate pair, which databases refuse.",
        "Leave the character out, or send both halves of the pair.",
    ),
    Reason.TOO_DEEP: Advice(Owner.CALLER, "The message is nested deeper than allowed.", "Flatten the message."),
    Reason.TOO_LARGE: Advice(Owner.CALLER, "The message has more bytes than allowed.", "Send it in parts."),
    Reason.FIELD_MISSING: Advice(
        Owner.CALLER, "A field that the message needs is not there.", "Add the field that the path names."
    ),
    Reason.FIELD_INVALID: Advice(
        Owner.CALLER,
        "A field's value is of the wrong type or outside what is allowed.",
        "Correct the field at the path.",
    ),
    Reason.FIELD_UNKNOWN: Advice(
        Owner.CALLER,
        "A field is not part of the contract; ignoring it might lose what it says.",
        "Correct the name (the nearest known one is suggested) or leave the field out.",
    ),
    Reason.AMOUNT_INVALID: Advice(
        Owner.CALLER,
        "An amount is no exact amount of its currency.",
        'Write it as decimal text such as "12.50", with no more decimals than the currency has.',
    ),
    Reason.QUANTITY_INVALID: Advice(
        Owner.CALLER,
        "A quantity is zero, too large, has too many decimals, or the wrong sign for its document.",
        "Write it as an exact decimal below 1e9 with at most six decimals.",
    ),
    Reason.TIME_INVALID: Advice(
        Owner.CALLER,
        "A time has no zone, or names no moment that exists.",
        "Write it as RFC 3339 with its offset, such as 2026-01-05T10:00:00+01:00.",
    ),
    Reason.CURRENCY_INVALID: Advice(
        Owner.CALLER,
        "The currency is no ISO 4217 code, or not the one the store sells in.",
        "Correct the currency of the till or of the store; then replay what is parked.",
    ),
    Reason.TOTALS_MISMATCH: Advice(
        Owner.CALLER,
        "Lines, tax, tip, total and tenders do not add up.",
        "Correct the amount; the sentence says which sum is off by how much.",
    ),
    Reason.CARD_DATA_UNLOCATED: Advice(
        Owner.CALLER,
        "Card data was seen where it cannot be masked, so the message was not stored.",
        "Send card numbers in fields of their own, or not at all.",
    ),
    Reason.NOT_A_SALE: Advice(
        Owner.NOBODY,
        "The message is understood and books nothing: an open order, a request, a notice.",
        "Nothing to do; it is acknowledged so that the sender stops repeating it.",
    ),
    Reason.UNSUPPORTED_MEDIA_TYPE: Advice(
        Owner.CALLER, "The body's type is not read at this door.", "Send `Content-Type: application/json`."
    ),
    Reason.NOT_FOUND: Advice(
        Owner.CALLER, "Nothing here has this address or id.", "Check the path or id against the API description."
    ),
    Reason.METHOD_NOT_ALLOWED: Advice(
        Owner.CALLER, "The address exists, but not for this method.", "Use a method of the `Allow` header."
    ),
    Reason.BODY_TIMEOUT: Advice(
        Owner.CALLER, "The request's body did not arrive in time.", "Send it again; check the line if it happens often."
    ),
    # identity and rights to act
    Reason.CREDENTIAL_MISSING: Advice(
        Owner.CALLER, "The call carries no credential.", "Send `Authorization: Bearer ...` or a client certificate."
    ),
    Reason.CREDENTIAL_INVALID: Advice(
        Owner.CALLER,
        "The credential is unknown, expired or revoked.",
        "Take a current one; `core-service credential` and `core-service till` issue and rotate them.",
    ),
    Reason.SCOPE_MISSING: Advice(
        Owner.CALLER,
        "The credential is good, but does not cover this call.",
        "Ask for a credential with the scope that the sentence names.",
    ),
    Reason.TILL_UNKNOWN: Advice(
        Owner.OPERATIONS, "The store has no such till.", "Set it up with `core-service till put`, then replay."
    ),
    Reason.TILL_RETIRED: Advice(
        Owner.OPERATIONS,
        "The till was taken out of service but still sends.",
        "Find out which device uses its key; put the till back or revoke the key.",
    ),
    Reason.SIGNATURE_INVALID: Advice(
        Owner.INTEGRATION,
        "The signature does not fit the bytes, or is missing.",
        "Compare the shared secret and the exact address on both sides; sign the raw body.",
    ),
    Reason.SIGNATURE_EXPIRED: Advice(
        Owner.INTEGRATION,
        "The signature is good but its time is outside the window.",
        "Set the sender's clock right and let it send again with a new time.",
    ),
    Reason.STORE_MISMATCH: Advice(
        Owner.OPERATIONS,
        "A store's agent sent a document that names another store.",
        "Find out how the till or the box was moved before replaying it.",
    ),
    Reason.JOIN_TOKEN_INVALID: Advice(
        Owner.TECHNICIAN,
        "The join token is unknown, expired or was meant for another store.",
        "Create a new one with `core-service token create` and enrol within its time.",
    ),
    Reason.JOIN_TOKEN_USED: Advice(
        Owner.TECHNICIAN,
        "The join token has been used already.",
        "Create a new one; if nobody on site used it, revoke the agent that did.",
    ),
    Reason.CSR_INVALID: Advice(
        Owner.TECHNICIAN,
        "The certificate request cannot be used.",
        "Update the agent, then run `edge-agent enrol` again.",
    ),
    Reason.AGENT_REVOKED: Advice(
        Owner.TECHNICIAN,
        "The agent's certificate was revoked in the core.",
        "Find out why with `core-service agents`; enrol the box again if it is yours.",
    ),
    Reason.CERTIFICATE_REFUSED: Advice(
        Owner.TECHNICIAN,
        "The certificate is not one this core accepts: expired, of another authority, or not for this purpose.",
        "Run `edge-agent doctor`, then enrol again.",
    ),
    # repeats
    Reason.CONFLICTING_DUPLICATE: Advice(
        Owner.OPERATIONS,
        "A document with this number is on record with other contents.",
        "Compare both; if the till reuses numbers, let it send its business day, or a higher revision to correct one.",
    ),
    Reason.IDEMPOTENCY_KEY_REUSED: Advice(
        Owner.CALLER, "The Idempotency-Key was used before for another request.", "Use a new key for each new request."
    ),
    Reason.REQUEST_ID_REUSED: Advice(
        Owner.CALLER,
        "The request id was used before for another request.",
        "Use a new request id for each new request.",
    ),
    Reason.REPEAT: Advice(Owner.NOBODY, "The message is on record already.", "Nothing to do; the first answer stands."),
    Reason.OLDER_REVISION: Advice(
        Owner.NOBODY, "A newer revision is on record.", "Nothing to do; it is recorded without effect."
    ),
}
