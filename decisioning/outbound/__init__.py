"""Deciding for a whole population at once: the same funnel and arbitration in columns, under shared pools."""
