"""The negotiator: which counter-offer a customer gets. Pure; replays to the same answers."""
