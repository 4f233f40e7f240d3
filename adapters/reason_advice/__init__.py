"""What each reason means to a person: a Reason in, who acts and the next step out; `docs/reasons.md` is made from it (`checks/reasons_page.py`)."""

from __future__ import annotations

from adapters.reason_advice import at_the_door, in_the_core, on_the_way
from adapters.reasons import Advice, Reason

ADVICE: dict[Reason, Advice] = {**at_the_door.ADVICE, **on_the_way.ADVICE, **in_the_core.ADVICE}
"""One Advice for each Reason."""
