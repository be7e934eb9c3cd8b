"""Mappings: how the rows of a business's own files become events, declared in `mappings.yaml`."""
