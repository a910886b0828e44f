"""/memory: recognising, running and answering it."""
