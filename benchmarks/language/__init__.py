"""What the language model is worth."""
