"""Words that every other package speaks: money, energy, spans of time, clocks, errors. Pure Python, no I/O."""
