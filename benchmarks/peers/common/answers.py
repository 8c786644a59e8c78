"""Evaluates the model directly: a JSON list of inputs in, a JSON list of right answers out."""

import json
import sys

from predictors import load

predictor = load()
json.dump([predictor.predict(input_data) for input_data in json.load(sys.stdin)], sys.stdout)
