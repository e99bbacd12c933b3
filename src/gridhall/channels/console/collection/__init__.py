"""Collection: arrears, strategies, promises, plans."""
