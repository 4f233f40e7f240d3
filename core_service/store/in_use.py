"""Who uses a database file: a URL in, a lock beside the file for as long as it is used out, so that nobody swaps it under a running core.

Cores that run share it; whoever puts another file in place has to be alone. A process that dies lets go of it by itself.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from adapters.errors import Permanent
from adapters.reasons import Reason
from core_service.store.schema import database_path


@contextmanager
def in_use(url: str) -> Iterator[None]:
    """Use the database of `url` until the block ends; raise Permanent(DATABASE_IN_USE) while it is being replaced."""
    with _locked(url, fcntl.LOCK_SH, "is being replaced by a restore; start again when that is done"):
        yield


@contextmanager
def alone(url: str) -> Iterator[None]:
    """Have the database of `url` alone until the block ends; raise Permanent(DATABASE_IN_USE) while a core runs on it."""
    with _locked(url, fcntl.LOCK_EX, "is used by a running core; stop that first, then try again"):
        yield


@contextmanager
def _locked(url: str, how: int, otherwise: str) -> Iterator[None]:
    path = database_path(url)
    if path is None:
        yield
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path.with_name(f"{path.name}.in-use"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, how | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Permanent(Reason.DATABASE_IN_USE, f"The database {path} {otherwise}.") from error
        yield
    finally:
        os.close(descriptor)
