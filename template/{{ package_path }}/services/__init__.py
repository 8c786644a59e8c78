"""Business logic: workflows around models, without HTTP."""
