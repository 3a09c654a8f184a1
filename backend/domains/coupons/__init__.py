"""Coupons: what they take off, for whom, together with which others, and how often."""
