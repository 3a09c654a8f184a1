"""The one pricing function, quotes with signed tokens, priced listings, refunds by policy."""
