"""Signs that a room loses its shape: the source tree in, findings with file, line and what to do out.

Each module beside this one holds one family of smells; ruff, mypy and import-linter find the rest.
A line that is right all the same carries a waiver with its reason, at its end or just above: `# smell: <name> - <reason>`.
"""
