"""What was found and proposed, for machines and people."""
