"""Documents of users, below `documents_dir`: what lies there is read, cut into passages and recalled."""
