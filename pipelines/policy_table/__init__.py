"""Policies from any table of logged decisions: learn and judge, value, apply."""
