"""What Open WebUI tells by its webhooks."""
