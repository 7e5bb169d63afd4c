"""What should come first: filters, graph network, blend."""
