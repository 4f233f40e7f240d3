"""The doors' own settings, table `[rest]` of agent.toml: what a till may send, how long it may take, how many may come at once."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from edge_agent.intake.rejection_quota import RejectionLimits

_HIGHEST_PORT = 65535

LARGEST_BODY = 2 * 1024 * 1024
"""Bytes: an entry travels to the core in one gRPC message, of which 4 MiB are the most; a larger one would hold up all behind it."""


class RestSettings(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """Where tills call, and what they may use. Sizes in bytes, times in seconds."""

    host: str = "127.0.0.1"
    port: int = 8080
    allow_loopback_without_key: bool = False
    """Let programs on this machine act as the till that they name in `X-Till`, without a key."""
    max_body_bytes: int = 256 * 1024
    body_seconds: float = 10.0
    header_seconds: float = 10.0
    idle_seconds: float = 75.0
    max_requests: int = 256
    max_connections: int = 1024
    drain_seconds: float = 8.0
    rejected_messages_per_hour: int = 120
    rejected_bytes_per_hour: int = 4 * 1024 * 1024

    @property
    def rejection_limits(self) -> RejectionLimits:
        """What one till's refused messages may take of the journal."""
        return RejectionLimits(
            messages_per_hour=self.rejected_messages_per_hour, bytes_per_hour=self.rejected_bytes_per_hour
        )

    def faults(self) -> Iterator[tuple[str, str]]:
        """Yield (key, sentence with the next step) for every value that cannot work."""
        if not 0 <= self.port <= _HIGHEST_PORT:
            yield "port", f"{self.port} is no TCP port; give 1 to 65535, or 0 for a free one"
        if not self.host:
            yield "host", "is empty; give 127.0.0.1 for this machine only, 0.0.0.0 for the store's network"
        for key in ("max_body_bytes", "max_requests", "max_connections"):
            if getattr(self, key) < 1:
                yield key, f"{getattr(self, key)} lets nothing in; give 1 or more"
        if self.max_body_bytes > LARGEST_BODY:
            yield (
                "max_body_bytes",
                f"{self.max_body_bytes} is more than travels to the core in one piece; give at most {LARGEST_BODY}",
            )
        for key in ("body_seconds", "header_seconds", "idle_seconds"):
            if getattr(self, key) <= 0:
                yield key, f"{getattr(self, key)} leaves no time; give seconds above 0"
        for key in ("drain_seconds", "rejected_messages_per_hour", "rejected_bytes_per_hour"):
            if getattr(self, key) < 0:
                yield key, f"{getattr(self, key)} is below zero; give 0 or more"
