"""HTTP only: routes, schemas, error rendering.

A new module in this folder needs no registration: its `router` (a FastAPI `APIRouter`) is included,
and its `install(app, settings)` is called, where it has one.
"""
