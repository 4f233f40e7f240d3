"""The `plain` dialect: our own documented JSON for tills that can choose; one sale, return or void a message."""
