"""Waiting for seats of full slots, and the offers that seats which came back turn into."""
