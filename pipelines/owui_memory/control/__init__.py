"""What a user or an admin may do with memories, whatever they do it with: chat, command line."""
