"""The domain: what to do next for one customer, and how likely each choice was.

Standard library and numpy only; no I/O, no clock, no global randomness. Time and seeds are arguments.
"""
