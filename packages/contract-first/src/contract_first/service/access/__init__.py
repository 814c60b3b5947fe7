"""Authentication and CORS: who may call, and from which pages; knows nothing of the operation called."""
