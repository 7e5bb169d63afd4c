"""From the store to a published snapshot."""
