"""Bargains: haggling over a price, three offers in ten minutes, never below the floor."""
