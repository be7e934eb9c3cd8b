"""How far the catalogue's triggers came with each customer, and what was sent because of them."""
