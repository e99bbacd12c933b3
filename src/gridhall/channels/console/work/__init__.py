"""Where staff begin: what waits for them, and the one search box."""
