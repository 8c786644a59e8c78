"""Business logic: workflows around models, without HTTP.

A new module in this folder needs no registration: its `install(service, settings)` is called, where
it has one.
"""
