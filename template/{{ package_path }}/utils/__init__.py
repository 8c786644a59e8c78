"""Pure helpers: they import nothing from the rest of the service."""
