"""moto, and the files beside it: what stores, and where it is corrected; it knows no HTTP."""
