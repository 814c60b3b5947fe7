"""Storage: moto with its corrections, and the files beside it; knows no HTTP."""
