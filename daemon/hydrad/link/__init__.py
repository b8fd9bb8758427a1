"""The terminal link: frames, sessions and return codes between daemon and agents. Sans-IO."""
