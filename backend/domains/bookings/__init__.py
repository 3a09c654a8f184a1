"""Bookings: promises for a time, their states from hold to completion, and the waitlist for full slots."""
