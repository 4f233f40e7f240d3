"""Whether every engine can hold what a message says: a reading in, nothing out; pure.

Raises Permanent, which parks that message: a name that no column can hold would stop the whole batch, at a question or at the commit.
"""

from __future__ import annotations

from collections.abc import Iterable

from adapters.canonical.key import BusinessKey
from adapters.canonical.sale import NotASale, Reading, Sale
from adapters.errors import Permanent
from adapters.reasons import Reason
from core_service.pipeline.rights_message import RightsMessage

LONGEST_NAME = 500
LARGEST_REVISION = 2**62


def check_reading(reading: Reading) -> None:
    """Check every name by which the core will ask for or keep a document."""
    document, key = reading.document, reading.key
    if key is not None:
        _names(key.name)
        _revision(key)
    if isinstance(document, Sale):
        _names(line.item for line in document.lines)
        _names([document.reference, document.original_reference or ""])
    elif not isinstance(document, NotASale):
        _names([document.about, document.reference])


def check_rights(message: RightsMessage) -> None:
    """Check the names of an agent's own fact."""
    _names([message.transfer_id, message.sku])


def _names(names: Iterable[str]) -> None:
    for name in names:
        if len(name) > LONGEST_NAME:
            sentence = (
                f"A name has {len(name)} characters, {LONGEST_NAME} at most: {name[:40]!r}...; correct the sender."
            )
            raise Permanent(Reason.TOO_LARGE, sentence)
        if "\x00" in name or not _encodes(name):
            sentence = (
                f"{name!a} has characters that cannot be stored (NUL, half a surrogate pair); correct the sender."
            )
            raise Permanent(Reason.TEXT_NOT_STORABLE, sentence)


def _encodes(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _revision(key: BusinessKey) -> None:
    if abs(key.revision) > LARGEST_REVISION:
        sentence = f"Revision {key.revision} does not fit 64 bits; correct the sender."
        raise Permanent(Reason.NUMBER_OUT_OF_RANGE, sentence)
