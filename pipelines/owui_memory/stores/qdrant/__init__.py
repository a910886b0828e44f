"""Qdrant: a server, or a folder of its own."""
