"""What an admin sees of it: counters, costs, self-checks, the status."""
