"""A generated retail bank: who its customers are, what they do, what an action changes. Loaded by `../world.py`."""
