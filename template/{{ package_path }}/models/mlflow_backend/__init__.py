"""Models of MLflow, from a folder that it has written or from a registry.

model.py           the class that models extend
logged_model.py    what MLflow has logged about a model, in its file MLmodel
signature.py       the logged signature, against the declared types
row_types.py       types of rows, logged and declared
requirements.py    versions of packages that a model was logged with
code.py            code that a model brings along, and consent to it
tables.py          inputs as data frames, predictions as lists
"""

from .model import MlflowModel

__all__ = ["MlflowModel"]
