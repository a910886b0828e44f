"""What a user, or an admin for them, may do with memories."""
