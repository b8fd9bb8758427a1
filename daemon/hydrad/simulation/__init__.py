"""The seeded world of `hydrad drill`: ring R1 runs the real core, driver, link, agent and venue against it."""
