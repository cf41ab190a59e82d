"""The review in a terminal: a list of questions, the photos in question, and the same keys as the page."""
