"""The central core: agents' entries, orders and webhooks in; one governed record each out, applied once and never oversold."""
