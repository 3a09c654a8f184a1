"""The double-entry ledger: every amount that moves, and statements made of it."""
