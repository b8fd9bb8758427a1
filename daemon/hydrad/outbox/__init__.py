"""What is to be told, to whom, by which channel: letters, their file, when each may go. Knows no channel's protocol."""
