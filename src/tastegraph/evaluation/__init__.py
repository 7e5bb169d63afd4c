"""Judging a recommender: splits, full-ranking metrics, their uncertainty, and a leak audit."""
