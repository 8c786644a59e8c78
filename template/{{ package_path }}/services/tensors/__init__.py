"""Tensors of the Open Inference Protocol, without HTTP.

- `spec`: name, datatype and shape of the tensors of a declared type
- `elements`: the data of a tensor; `binary`: its binary form
- `layout`: converts tensors to values and back
- `codec`: converts tensors to inputs of the model, and its predictions to tensors
- `byte_elements`, `datatype_limits`: what an element may be
"""
