"""What the core needs of a store: one unit of work of one tenant, and the platform's own; every engine passes tests/contracts/unit_of_work.py."""
