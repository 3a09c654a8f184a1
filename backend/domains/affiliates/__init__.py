"""Links to what partners sell, and who followed them."""
