"""The two kinds of error that decide everything: retry, or park; each with a stable reason and a sentence that says what to do."""

from __future__ import annotations

from adapters.reasons import Reason


class TillstreamError(Exception):
    """An error with a stable reason and a sentence for a person; `path` names the offending field where there is one."""

    def __init__(self, reason: Reason, sentence: str, *, path: str = "") -> None:
        super().__init__(f"{reason}: {sentence}" + (f" (at {path})" if path else ""))
        self.reason = reason
        self.sentence = sentence
        self.path = path


class Transient(TillstreamError):  # noqa: N818 - the field's word
    """May succeed later without anyone acting: retry with backoff. `retry_after` seconds when the other side said so."""

    def __init__(self, reason: Reason, sentence: str, *, path: str = "", retry_after: float | None = None) -> None:
        super().__init__(reason, sentence, path=path)
        self.retry_after = retry_after


class Permanent(TillstreamError):  # noqa: N818 - the field's word
    """Will fail again until someone acts: park, or refuse at the door."""


class AuthenticationFailed(Permanent):
    """The other side did not prove who it is, or may not do this."""
