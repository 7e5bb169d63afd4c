"""Histories, attention, association strength: interest graphs of users, content graphs of items."""
