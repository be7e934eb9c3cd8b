"""What difference each action makes to whom, learned from any log with known probabilities, and where to act on it."""
