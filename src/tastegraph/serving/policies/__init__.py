"""Policies of lists: what may be listed, what stands higher, how alike items of a list may be."""
