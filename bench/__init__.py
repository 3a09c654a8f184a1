"""Measurements of the product, each a module with a `main`; see README.md."""
