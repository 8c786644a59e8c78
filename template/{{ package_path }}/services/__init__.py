"""Business logic: workflows around models, without HTTP.

A new module directly in this folder needs no registration: its function
`install(service, settings)`, if it has one, is called.
"""
