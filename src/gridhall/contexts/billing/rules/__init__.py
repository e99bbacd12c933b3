"""What billing decides: numbers, what to park, which corrections follow. Pure."""
