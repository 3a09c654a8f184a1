"""What is sold and who performs it: categories, providers and their bookable products."""
