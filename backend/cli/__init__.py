"""Commands: serve, the worker, demo data, and what `flask` offers."""
