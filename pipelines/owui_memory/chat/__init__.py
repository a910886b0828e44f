"""What Open WebUI says, and what is said back."""
