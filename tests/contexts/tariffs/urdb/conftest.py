"""What the URDB tests share: the PySAM oracle of the benchmarks, and readings by the hour."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[4]
# `benchmarks` and this folder's own modules are imported by name; pytest's importlib mode adds no folder by itself.
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]
