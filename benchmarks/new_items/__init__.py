"""Where new items are ranked, by a replay in time."""
