"""A past that is brought along: archives of other programs, and Open WebUI's own chats."""
