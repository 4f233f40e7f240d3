"""The way down: what the core tells the store, into the cache; revision is pure, subscriber waits, wire speaks gRPC."""
