"""The journal: drafts from the tills' doors in, durable chained entries out; keeps each until the core has answered for it."""
