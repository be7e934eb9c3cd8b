"""Cleansing: how what was sent is read, one file per kind of value. What was sent stays in the ledger as it came."""
