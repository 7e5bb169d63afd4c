"""Why an item is in a list: reasons whose shares add up to its score."""
