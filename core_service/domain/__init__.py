"""Lifecycles, records and decisions of the core: facts in, decisions out; pure."""
