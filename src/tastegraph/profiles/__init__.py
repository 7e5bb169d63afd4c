"""Who likes what, and why: histories, attention, interest and content graphs."""
