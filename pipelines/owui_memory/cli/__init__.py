"""What `python -m owui_memory` does: a module for each command."""
