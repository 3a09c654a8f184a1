"""What the bargain asks of others, as adapters of its ports."""
