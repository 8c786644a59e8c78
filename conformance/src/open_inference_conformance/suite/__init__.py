"""The tests, one for each statement of `statements.yml`; pytest runs them."""
