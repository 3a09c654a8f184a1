"""Carts, from the first thing put in to the order, and what becomes of orders."""
