"""Taking money, giving it back, and passing it on, through a payment gateway."""
