"""Parameters and bodies of a request, as the values that their schemas mean; it knows no handlers."""
