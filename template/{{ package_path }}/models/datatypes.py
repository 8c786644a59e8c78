"""Datatypes of the Open Inference Protocol, for the types that a model declares.

A `float` is sent as `FP32`, an `int` as `INT64`, a `bool` as `BOOL`, text and `bytes` as `BYTES`. A
model can declare others: `def predict(self, input_data: list[FP64]) -> UINT8`. In Python they are
plain numbers; integers out of range are rejected in JSON and in binary form.
"""

from typing import Annotated

from pydantic import Field

FP16 = Annotated[float, Field(json_schema_extra={"datatype": "FP16"})]
FP32 = Annotated[float, Field(json_schema_extra={"datatype": "FP32"})]
FP64 = Annotated[float, Field(json_schema_extra={"datatype": "FP64"})]

INT8 = Annotated[int, Field(ge=-(2**7), lt=2**7, json_schema_extra={"datatype": "INT8"})]
INT16 = Annotated[int, Field(ge=-(2**15), lt=2**15, json_schema_extra={"datatype": "INT16"})]
INT32 = Annotated[int, Field(ge=-(2**31), lt=2**31, json_schema_extra={"datatype": "INT32"})]
INT64 = Annotated[int, Field(ge=-(2**63), lt=2**63, json_schema_extra={"datatype": "INT64"})]

UINT8 = Annotated[int, Field(ge=0, lt=2**8, json_schema_extra={"datatype": "UINT8"})]
UINT16 = Annotated[int, Field(ge=0, lt=2**16, json_schema_extra={"datatype": "UINT16"})]
UINT32 = Annotated[int, Field(ge=0, lt=2**32, json_schema_extra={"datatype": "UINT32"})]
UINT64 = Annotated[int, Field(ge=0, lt=2**64, json_schema_extra={"datatype": "UINT64"})]
