"""What runs inside the daemon beside its loop, supervised: bridge, bot, channels, HUD, scheduler and its jobs."""
