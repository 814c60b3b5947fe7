"""An integrator's whole story, once, over real HTTP: scan a product, photograph it, review what was read."""
