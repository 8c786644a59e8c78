"""Sets of answers: those of which each renders other Python code, and pairs of all answers."""

import itertools

from tools.template import read_features

ALL = [*read_features()]
# Without code, or with libraries that the shared environment lacks: tests/artifacts has one.
_NOT_ALONE = ("docker", "object_stores", "hugging_face")
LAYOUTS = {
    "src_package": {"layout": "src_package"},
    "named_package": {"layout": "named_package", "package_name": "fraud_scoring"},
}
# Python code differs between these alone; `test_other_answers_leave_python_as_it_is` says so.
# All features, none and each alone: every two of them are together, apart, and both missing.
PYTHON_VARIANTS = {
    **LAYOUTS,
    "no feature": {"features": []},
    "no feature, named_package": {"features": [], **LAYOUTS["named_package"]},
    **{f"{name} alone": {"features": [name]} for name in ALL if name not in _NOT_ALONE},
    "shortest names": {"layout": "named_package", "package_name": "a", "model_name": "b"},
    "longest names": {
        "layout": "named_package",
        "service_name": "s" * 50,
        "package_name": "zzz_" + "p" * 28,
        "model_name": "m" * 32,
    },
}


def pairwise(factors):
    """Return sets of answers in which every two values of different factors occur together."""
    rows = [*itertools.product(*factors.values())]
    missing = {pair for row in rows for pair in _pairs(row)}
    chosen = []
    while missing:
        chosen.append(max(rows, key=lambda row: len(missing & _pairs(row))))
        missing -= _pairs(chosen[-1])
    return [dict(zip(factors, row, strict=True)) for row in chosen]


def _pairs(row):
    return {*itertools.combinations(enumerate(row), 2)}
