"""The first of two stages: a few hundred candidates, which are then scored exactly."""
