"""The seeded world of `drill`."""
