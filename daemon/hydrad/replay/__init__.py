"""Past inputs and past days once more through this build's code, held against what was recorded."""
