"""The commands of ``contract`` that need nothing but contracts, and what every command is made of."""
