"""Matching: which records of a table are of the same person, found without labels, and how sure that is."""
