"""A home on disk: made once, opened at every start, with its configuration, its bundles and its cards."""
