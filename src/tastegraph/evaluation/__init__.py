"""Splits, metrics over full rankings, uncertainty, off-policy estimates, a leak audit."""
