"""Facts out of texts: names that are mentioned, and what is said of them."""
