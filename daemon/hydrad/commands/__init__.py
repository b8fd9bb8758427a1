"""hydrad's own verbs that need no daemon."""
