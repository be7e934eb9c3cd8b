"""Files of a business's own, read into the ledger: resumable, in bounded memory, every row accounted for."""
