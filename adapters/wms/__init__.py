"""Warehouse systems: a dispatch in the core's words in, the vendor's call out; timeouts and refusals translated at the border."""
