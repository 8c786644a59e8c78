"""Evaluate the model directly: read a JSON list of inputs, write a list of expected predictions."""

import json
import sys

from predictors import load

predictor = load()
json.dump([predictor.predict(input_data) for input_data in json.load(sys.stdin)], sys.stdout)
