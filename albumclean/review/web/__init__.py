"""The review in a browser: a web server for one user, on this computer only."""
