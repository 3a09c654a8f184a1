"""A payment gateway for one machine that speaks Stripe's wire format and behaves as Stripe documents.

It stands for a system outside of ours: it imports nothing of ours but value types, and keeps its state in
a SQLite file of its own. `LocalStripe` (local.py) is the whole; `python -m backend.local_stripe` serves it.
"""
