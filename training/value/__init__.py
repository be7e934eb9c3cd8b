"""What a customer will spend: from a table of transactions to expected amounts over a horizon."""
