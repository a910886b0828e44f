"""The outlet's side: a durable queue, and the writer that decides what of it mem0 is to know."""
