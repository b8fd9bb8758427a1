"""The daemon behind the surfaces of people: their calls become inputs, or are answered from memory and recording."""
