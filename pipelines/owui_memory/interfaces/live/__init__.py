"""What running chats show of memory, through Open WebUI's API: a status line, and the answer's sources."""
