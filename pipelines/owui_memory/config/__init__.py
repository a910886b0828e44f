"""Settings: what they are, what they mean together, and what they decide about a turn."""
