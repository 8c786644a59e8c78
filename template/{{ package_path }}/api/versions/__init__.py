"""Several models and versions: their routes, one version for each request, load and unload."""
