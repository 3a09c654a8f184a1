"""Payment gateways, as adapters of the port in `gateway.py`."""
