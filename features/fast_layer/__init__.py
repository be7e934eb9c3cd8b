"""The fast layer as a projection of the ledger: decisions, impressions and answers that no training has seen yet."""
