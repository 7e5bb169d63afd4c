"""What a ranking misses and what its training costs."""
