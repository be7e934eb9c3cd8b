"""HTTP in, decision out: the BentoML service."""
