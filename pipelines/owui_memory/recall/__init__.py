"""The inlet's side: search, select, and the block of text for the prompt."""
