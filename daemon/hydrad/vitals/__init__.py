"""What the daemon measures of itself: services, health, and the figures that are scraped."""
