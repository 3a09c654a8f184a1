"""Bookings: promises for a time, and their states from hold to completion."""
