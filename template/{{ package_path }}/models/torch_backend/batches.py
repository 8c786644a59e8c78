"""Inputs of different lengths in one tensor."""

from collections.abc import Sequence
from typing import Any


def pad(rows: Sequence[Any], dtype: Any, fill: float = 0) -> tuple[Any, Any]:
    """Return a tensor of rows, filled to the length of the longest, and a mask.

    A network that uses the mask predicts for each row as it does for that row alone.

    Args:
        rows: Tensors, arrays or lists; their first dimension may differ.
        dtype: Of the tensor, such as `torch.long`: an empty row has none.
        fill: The value after the end of a row.

    Returns:
        The tensor, and booleans of `(rows, longest)`, true where a row has a value.
    """
    import torch

    tensors = [torch.as_tensor(row, dtype=dtype) for row in rows]
    lengths = torch.tensor([len(tensor) for tensor in tensors])
    padded = torch.nn.utils.rnn.pad_sequence(tensors, batch_first=True, padding_value=fill)
    return padded, torch.arange(padded.shape[1]) < lengths.unsqueeze(1)
