"""Values that all rooms share, and errors by reaction. Imports nothing of the other rooms."""
