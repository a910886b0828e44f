"""Forgetting a person, everywhere and for good."""
