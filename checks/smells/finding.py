"""What a smell is reported as: place and advice in, one line for a person out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One smell. `path` is relative to the tree's root, `line` counts from 1."""

    path: str
    line: int
    smell: str
    advice: str

    def __str__(self) -> str:
        """Return `path:line: smell: what to do`."""
        return f"{self.path}:{self.line}: {self.smell}: {self.advice}"
