"""What the language model is worth: cold items, new users, sparse data, its speed and its cost."""
