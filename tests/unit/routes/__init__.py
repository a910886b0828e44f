"""Every way by which what is remembered comes out, and whose it is."""
