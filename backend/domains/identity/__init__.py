"""Identity: users, their passwords, their roles and their profile."""
