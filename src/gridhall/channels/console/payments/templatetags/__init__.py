"""Tags of the pages of payments."""
