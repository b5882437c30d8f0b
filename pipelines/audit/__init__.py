"""Audit: whether what a snapshot gives today is what it gave then, and where not, what differs first and why."""
