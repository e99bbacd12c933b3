"""The person: homes linked and shared, identifiers, sessions, who looked."""
