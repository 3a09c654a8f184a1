"""The rule engine: pure functions from rule files and facts to explained decisions."""
