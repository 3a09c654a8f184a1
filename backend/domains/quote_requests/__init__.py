"""Asking a provider for a price of their own, and accepting it."""
