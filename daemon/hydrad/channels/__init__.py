"""Ways to people beside the bot: e-mail and a signed webhook. Each carries a letter, and says what came of it."""
