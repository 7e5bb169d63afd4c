"""Which columns of a file are which of ours: by name, option, configuration or published format."""
