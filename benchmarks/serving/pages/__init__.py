"""The pages of the documentation, and the plots that they show."""
