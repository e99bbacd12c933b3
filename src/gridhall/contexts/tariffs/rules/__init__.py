"""Pure decisions about tariffs: integers and NumPy arrays in, integers and arrays out; no Django, clock or I/O."""
