"""The command line of the core: words in, use cases called, sentences or `--json` out; the same functions that gRPC calls."""
