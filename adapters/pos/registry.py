"""The list of POS dialects: a name in, the dialect out, loaded when first asked for; sorted, explicit, one line a dialect."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from adapters.errors import Permanent
from adapters.pos.contract import PosDialect
from adapters.reasons import Reason

_MODULES = {
    "plain": "adapters.pos.plain.dialect",
    "square": "adapters.pos.square.dialect",
}

NAMES = tuple(_MODULES)


@cache
def dialect(name: str) -> PosDialect:
    """Return the dialect of this name; raise Permanent(DIALECT_UNKNOWN) when there is none."""
    module = _MODULES.get(name)
    if module is None:
        sentence = f"There is no dialect {name[:40]!a}; this version knows {', '.join(NAMES)}."
        raise Permanent(Reason.DIALECT_UNKNOWN, sentence)
    found: PosDialect = import_module(module).DIALECT
    return found
