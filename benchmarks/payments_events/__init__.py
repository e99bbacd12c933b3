"""What hears of payments while `benchmarks.payments` measures."""
