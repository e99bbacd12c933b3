"""How and where to pay, as staff keep it: places and the guide."""
