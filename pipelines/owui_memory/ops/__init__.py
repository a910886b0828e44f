"""What keeps it running: the guard on the routes, the status, the counters, the costs, the breaker."""
