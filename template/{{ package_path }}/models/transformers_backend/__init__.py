"""Models of Transformers: classify texts, embed them, generate them.

pretrained.py   the base class: load, run on a device, unload
folder.py       a network from a folder, without running code of it
tokenizers.py   tokenizers for several threads
encoders.py     labels and vectors of texts
pooling.py      one vector from those of the tokens
generator.py    texts from prompts and chats
prompts.py      their tokens
generation.py   a text in parts, generated in a thread of its own
"""

from .encoders import Embedder, TextClassifier
from .generator import TextGenerator
from .pretrained import TransformersModel

__all__ = ["Embedder", "TextClassifier", "TextGenerator", "TransformersModel"]
