"""The web shell shared by all domains: errors, transactions, idempotency, pages, limits, health."""
