"""Long chats: what of a chat stays in its prompt, and the abstract in place of the rest."""
