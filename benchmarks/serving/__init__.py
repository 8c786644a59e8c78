"""`make bench-serving`: what the template renders beside its peers, under load, in one run."""
