"""Another model, store or backend, and no memory lost: copied, embedded anew, then served from there."""
