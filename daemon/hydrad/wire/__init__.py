"""The protocol of people's surfaces: calls, answers, codec, reason codes."""
