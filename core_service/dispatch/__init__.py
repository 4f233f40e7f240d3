"""What the core tells others: due work in, calls to warehouse systems out; never inside a transaction, never twice in effect."""
