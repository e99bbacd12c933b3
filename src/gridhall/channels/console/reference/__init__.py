"""The Django admin for reference data: units, grid, positions; what contexts register in their own `admin` modules."""
