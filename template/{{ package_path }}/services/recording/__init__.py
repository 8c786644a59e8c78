"""Recordings of predictions: inputs and outputs, in files with a JSON object in each line.

recorder.py    follows the predictions and streams of a service, and takes a share of them
record.py      one record, as JSON
source.py      its observer, and your function that redacts records
writer.py      writes records in a thread
files.py       files of limited size and number
"""
