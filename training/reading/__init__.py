"""Reading the ledger's decisions and what followed them, by columns."""
