"""The Closient Scanner API as a service: handlers bound to the contract."""
