"""How often one sender may call: a key and the time in, allowed or the seconds to wait out; a bounded set of token buckets."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field


@dataclass(slots=True, kw_only=True)
class RateLimit:
    """Token buckets: `per_second` on average, `burst` at once, for at most `most_keys` senders (the longest silent is forgotten)."""

    per_second: float
    burst: int
    most_keys: int = 10_000
    _buckets: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)

    def wait(self, key: str, now: float) -> float:
        """Take a token; return 0.0, or the seconds until there is one (then none is taken). `now` is monotonic."""
        tokens, at = self._buckets.pop(key, (float(self.burst), now))
        tokens = min(float(self.burst), tokens + (now - at) * self.per_second)
        seconds = 0.0 if tokens >= 1 else (1 - tokens) / self.per_second
        self._buckets[key] = (tokens - 1 if seconds == 0.0 else tokens, now)
        while len(self._buckets) > self.most_keys:
            self._buckets.popitem(last=False)
        return seconds
