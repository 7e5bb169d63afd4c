"""A look at files before they are imported."""
