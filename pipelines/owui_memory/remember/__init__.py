"""The outlet's side: a durable queue, and the writer that brings it to mem0."""
