"""Contracts: what the events of a name must say, declared in `events.yaml` and checked as events come in."""
