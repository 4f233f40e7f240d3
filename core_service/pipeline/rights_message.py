"""An agent's own fact about rights, as its wire form is read in `grpc_api`: a transfer taken over or given back."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class RightsMessage:
    """An acknowledgement has only the transfer; a return says whose units and how many, above zero."""

    transfer_id: str
    sku: str = ""
    quantity: Decimal = Decimal(0)
