"""The way up: the journal's entries to the core and its settlements back; window is pure, stream waits, wire speaks gRPC."""
