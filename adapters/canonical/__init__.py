"""Canonical facts and their arithmetic: plain frozen dataclasses in, plain frozen dataclasses out; pure, no input or output."""
