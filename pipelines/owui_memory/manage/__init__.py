"""What a user or an admin may do with memories, apart from how they ask for it."""
