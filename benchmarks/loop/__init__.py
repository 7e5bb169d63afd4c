"""What learning from feedback is worth."""
