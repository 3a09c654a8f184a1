"""Adapters to the outside: stores, files, clocks, mail, jobs."""
