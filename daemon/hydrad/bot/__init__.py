"""The Telegram bot: what it hears, what it says, and how letters leave by it."""
