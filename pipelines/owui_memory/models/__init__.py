"""LLMs and embedders: providers, limits, probes, and what goes wrong with them."""
