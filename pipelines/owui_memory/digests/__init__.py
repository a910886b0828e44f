"""Digests: texts made of memories, past chats and documents after a template, with their sources."""
