"""Every setting, by concern: its name, title, description, default and bounds."""
