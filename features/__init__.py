"""What is known of a customer: ledger, identity, golden record, consent, contacts and Feast features."""
