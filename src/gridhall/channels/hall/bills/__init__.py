"""Bills: the list, one bill explained, its PDF, its comparison with others."""
