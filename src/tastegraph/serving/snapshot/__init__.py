"""The snapshot in service: opened, its rows and texts looked up, and replaced by the next."""
