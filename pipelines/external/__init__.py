"""Reading a business's own golden record: its tables become records of the ledger, by the key that it believes."""
