"""The commands about contracts, and the building blocks of every command."""
