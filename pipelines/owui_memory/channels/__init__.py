"""A team's channels: what is said there, read in batches, and what is remembered of it for each channel."""
