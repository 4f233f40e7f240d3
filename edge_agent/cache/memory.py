"""A bounded memory of answers read from SQLite: keys in, values out while nothing has changed them; the oldest unused goes first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterable, Mapping
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Load(Generic[K]):
    """A read under way. What changes meanwhile is answered but not remembered."""

    def __init__(self) -> None:
        self.stale: set[K] = set()
        self.all_stale = False


class Memory(Generic[K, V]):
    """At most `limit` values."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._values: OrderedDict[K, V] = OrderedDict()
        self._loads: list[Load[K]] = []

    def __len__(self) -> int:
        return len(self._values)

    def __contains__(self, key: K) -> bool:
        return key in self._values

    def get(self, key: K) -> V:
        """Return a remembered value; raise KeyError otherwise."""
        value = self._values[key]
        self._values.move_to_end(key)
        return value

    def replace(self, key: K, value: V) -> None:
        """Change a value that is remembered."""
        self._values[key] = value

    def begin(self) -> Load[K]:
        """Say that values are about to be read; always followed by `end`."""
        load: Load[K] = Load()
        self._loads.append(load)
        return load

    def end(self, load: Load[K], found: Mapping[K, V]) -> None:
        """Remember what was read, except what has changed since `begin`."""
        self._loads.remove(load)
        if load.all_stale:
            return
        for key, value in found.items():
            if key not in load.stale:
                self._values[key] = value
                self._values.move_to_end(key)
        while len(self._values) > self._limit:
            self._values.popitem(last=False)

    def forget(self, keys: Iterable[K]) -> None:
        """Drop values that have changed."""
        for key in keys:
            self._values.pop(key, None)
            for load in self._loads:
                load.stale.add(key)

    def changing(self, key: K) -> None:
        """Say that a value changes by `replace`, so that a read under way is not remembered over it."""
        for load in self._loads:
            load.stale.add(key)

    def clear(self) -> None:
        """Drop everything."""
        self._values.clear()
        for load in self._loads:
            load.all_stale = True
