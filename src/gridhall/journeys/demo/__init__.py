"""The demo utility: an invented power-supply company on a real grid, its customers, readings and first bills."""
