"""What stops a message between store and core: reasons of journal and uplink in, advice out."""

from __future__ import annotations

from adapters.reasons import Advice, Owner, Reason

ADVICE: dict[Reason, Advice] = {
    # journal and uplink
    Reason.DISK_BUDGET_EXHAUSTED: Advice(
        Owner.TECHNICIAN,
        "The journal has used the space it was given, so the agent accepts nothing.",
        "Bring the connection to the core back so that it drains, or raise the budget.",
    ),
    Reason.DISK_FULL: Advice(
        Owner.TECHNICIAN, "The disk is full, so the agent accepts nothing.", "Free space; the agent recovers by itself."
    ),
    Reason.JOURNAL_UNAVAILABLE: Advice(
        Owner.TECHNICIAN,
        "The journal's disk answered with an error, so the message is not accepted.",
        "Run `edge-agent doctor`; replace the disk if errors go on. The till repeats until then.",
    ),
    Reason.JOURNAL_LOCKED: Advice(
        Owner.TECHNICIAN, "Another agent uses this journal.", "Stop the other process; one journal has one agent."
    ),
    Reason.JOURNAL_NOT_DURABLE: Advice(
        Owner.TECHNICIAN,
        "The file system cannot keep the journal safe (no WAL, or no full sync).",
        "Put the journal on a local file system.",
    ),
    Reason.JOURNAL_DAMAGED: Advice(
        Owner.TECHNICIAN,
        "The journal file fails its checks.",
        "Run `edge-agent journal verify` and `journal export` before anything else.",
    ),
    Reason.JOURNAL_GAP: Advice(
        Owner.TECHNICIAN,
        "Entries of an agent's journal are missing and cannot be sent.",
        "Compare with the till's own report; the exception names the entries.",
    ),
    Reason.FORK: Advice(
        Owner.TECHNICIAN,
        "Two histories of one journal exist: a cloned or restored disk.",
        "Find the second box and switch it off; both continue under new epochs and repeats are dropped.",
    ),
    Reason.CHAIN_BROKEN: Advice(
        Owner.TECHNICIAN,
        "An entry is not what its hash says: altered or damaged.",
        "Run `edge-agent journal verify` on the box; treat it as tampered with until shown otherwise.",
    ),
    Reason.SEQUENCE_UNEXPECTED: Advice(
        Owner.NOBODY,
        "Entries came out of order on the stream.",
        "Nothing to do; the agent opens a new stream and resends.",
    ),
    Reason.SESSION_SUPERSEDED: Advice(
        Owner.NOBODY,
        "A newer stream of the same agent was opened.",
        "Nothing to do; if it goes on, two boxes share one identity: look for a clone.",
    ),
    Reason.ENTRY_KIND_UNKNOWN: Advice(
        Owner.OPERATIONS,
        "The agent sent a kind of entry that this core does not know.",
        "Update the core, then replay.",
    ),
    Reason.OVERLOADED: Advice(
        Owner.NOBODY, "More is coming in than can be taken at once.", "Repeat after the time that the answer names."
    ),
    Reason.NOT_READY: Advice(Owner.NOBODY, "The process is starting or stopping.", "Repeat in a moment."),
    Reason.CORE_UNREACHABLE: Advice(
        Owner.TECHNICIAN,
        "The agent has no connection to the core.",
        "Nothing is lost, tills go on; if it lasts, check the line and run `edge-agent doctor`.",
    ),
}
