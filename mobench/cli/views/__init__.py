"""How artifacts look on the terminal: each view returns lines."""
