"""What the utility knows and decides, one package each; see `.importlinter` for who may know whom."""
