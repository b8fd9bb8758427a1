"""hydrad's own verbs: a module for each, of its name, with its words (`add`) and what it does; and what they share."""
