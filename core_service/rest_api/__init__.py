"""The core over HTTP: webhooks, health, metrics and a page for people in; problems with stable reasons out (RFC 9457)."""
