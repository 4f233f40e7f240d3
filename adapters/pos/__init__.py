"""Dialects of tills: a vendor's bytes in, one canonical reading out; pure, so that agent and core read alike."""
