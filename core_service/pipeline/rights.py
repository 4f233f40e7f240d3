"""Rights on their way between core and store: goods received or an agent's own fact in, grants and credits drafted out; pure (invariant 10).

For now each store has a fixed share: of goods received there the core keeps a per cent and grants the rest. Whole units stay whole.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from adapters.canonical import rights
from adapters.canonical.entry import EntryKind, Outcome, Verdict
from adapters.canonical.quantity import MICRO, show
from adapters.errors import Permanent
from adapters.reasons import Reason
from core_service.domain.setup import Store
from core_service.pipeline.desk import Draft
from core_service.pipeline.names import transfer_id
from core_service.pipeline.normalise import Read
from core_service.pipeline.rights_message import RightsMessage
from core_service.pipeline.validate import counted, known
from core_service.ports.stock import LocationSku, RightsTransfer, TransferState


def core_part(quantity: Decimal, share_percent: int) -> Decimal:
    """Return what the core keeps of new units: whole of whole ones, half up, otherwise to six decimals."""
    whole = quantity == quantity.to_integral_value()
    step = Decimal(1) if whole else Decimal(1).scaleb(-MICRO)
    return min(quantity, (quantity * share_percent / 100).quantize(step, rounding=ROUND_HALF_UP))


def grant_share(draft: Draft, store: Store, pair: LocationSku, new_units: Decimal, about: tuple[str, int]) -> None:
    """Grant the store its part of `new_units` that became the core's; `about` is (cause, line), which makes the transfer's id."""
    granted = new_units - core_part(new_units, store.core_share_percent)
    if granted <= 0:
        return
    draft.put(pair, rights.debit_grant(draft.position(pair), granted))
    draft.effects.transfers.append(
        RightsTransfer(
            transfer_id=transfer_id(draft.desk.tenant, *about),
            store=store.store,
            sku=pair[1],
            quantity=granted,
            to_store=True,
            state=TransferState.IN_FLIGHT,
            created_at=draft.desk.now,
        )
    )


def book_rights(draft: Draft, read: Read, message: RightsMessage) -> Verdict:
    """Book an agent's own fact; repeating it has no effect. Raises Permanent(RIGHTS_TRANSFER_UNKNOWN) and the like to park it."""
    if read.entry.content.kind is EntryKind.RIGHTS_ACKNOWLEDGED:
        return _acknowledged(draft, read, message)
    return _returned(draft, read, message)


def _acknowledged(draft: Draft, read: Read, message: RightsMessage) -> Verdict:
    transfer = draft.desk.transfers.get(message.transfer_id)
    if transfer is None or transfer.store != read.store or not transfer.to_store:
        sentence = (
            f"The agent took over grant {message.transfer_id!r}, which this core never gave store {read.store!r}; after a restore of the "
            "core receive the goods again, then replay."
        )
        raise Permanent(Reason.RIGHTS_TRANSFER_UNKNOWN, sentence)
    if transfer.state is TransferState.SETTLED:
        return _repeat(read, message)
    pair = (transfer.store, transfer.sku)
    draft.put(pair, rights.credit_grant(draft.position(pair), transfer.quantity))
    draft.effects.settled.append(settled(transfer))
    return _booked(read, message)


def _returned(draft: Draft, read: Read, message: RightsMessage) -> Verdict:
    before = draft.desk.transfers.get(message.transfer_id)
    if before is not None:
        if before.store != read.store or before.to_store:
            sentence = f"Transfer {message.transfer_id!r} is another one on record; the agent has to give its return an id of its own."
            raise Permanent(Reason.RIGHTS_TRANSFER_UNKNOWN, sentence)
        return _repeat(read, message)
    if counted(message.quantity) <= 0:
        sentence = (
            f"{message.quantity} units of rights cannot be given back; the agent has to send a quantity above zero."
        )
        raise Permanent(Reason.QUANTITY_INVALID, sentence)
    sku = known(message.sku, draft.desk.settings).sku
    pair = (read.store, sku)
    position, moved = rights.credit_return(draft.position(pair), message.quantity)
    draft.put(pair, position)
    draft.effects.transfers.append(
        RightsTransfer(
            transfer_id=message.transfer_id,
            store=read.store,
            sku=sku,
            quantity=moved,
            to_store=False,
            state=TransferState.SETTLED,
            created_at=draft.desk.now,
        )
    )
    used = (
        ""
        if moved == message.quantity
        else f"Of {show(message.quantity)} units {show(moved)} were left; the rest is sold."
    )
    return _booked(read, message, used)


def settled(transfer: RightsTransfer) -> RightsTransfer:
    """Return a transfer as it stands once the taker has credited it."""
    return RightsTransfer(
        transfer_id=transfer.transfer_id,
        store=transfer.store,
        sku=transfer.sku,
        quantity=transfer.quantity,
        to_store=transfer.to_store,
        state=TransferState.SETTLED,
        created_at=transfer.created_at,
    )


def _booked(read: Read, message: RightsMessage, sentence: str = "") -> Verdict:
    return Verdict(
        sequence=read.entry.id.sequence, outcome=Outcome.BOOKED, sentence=sentence, record_id=message.transfer_id
    )


def _repeat(read: Read, message: RightsMessage) -> Verdict:
    return Verdict(
        sequence=read.entry.id.sequence,
        outcome=Outcome.REPEAT,
        reason=Reason.REPEAT,
        sentence="These rights were booked before; nothing was booked again.",
        record_id=message.transfer_id,
    )
