"""A model in processes of its own: they share no interpreter, and can be killed."""
