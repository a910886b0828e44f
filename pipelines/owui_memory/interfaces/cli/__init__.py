"""What `python -m owui_memory` does: app (the commands and their options), a module for each kind of them.

They work on an `instance`, and print by `output`.
"""
