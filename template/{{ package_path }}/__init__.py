"""A machine-learning model service: one HTTP interface around one model."""
