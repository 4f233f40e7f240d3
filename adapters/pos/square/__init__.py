"""The `square` dialect: orders, payments, refunds and webhooks of Square's API v2, as its answers and notices carry them."""
