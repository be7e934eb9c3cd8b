"""What a customer may ask of a business about their data, and what the law asks by itself.

Erasure, access, objection, retention, backups that do not bring back what was erased.
"""
