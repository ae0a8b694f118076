"""The checks of what ranks hold, each in a file of its own. Each sees the records of all ranks, and no tensor."""
