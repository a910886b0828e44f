"""What questions, requests, suppositions, other people's words are told by, and who speaks of themselves."""
