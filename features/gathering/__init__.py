"""Gathering what a long range of the ledger says to features, in bounded memory."""
