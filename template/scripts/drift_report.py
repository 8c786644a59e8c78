"""Compare recent predictions with earlier ones: a page with plots, and a line for each column.

`make drift-report` runs it in an environment of its own. By default, the newer half of the records
in `recordings/` is compared with the older half.
"""

import argparse
import os
from pathlib import Path
from typing import Any

from drift_records import Columns, read_columns

ALPHA = 0.01  # of all columns together: without drift, 99 of 100 reports find none


def main() -> None:
    """Read the records, write the page, print a line for each column."""
    options = read_options()
    columns = read_columns(options)
    if options.check:
        return
    threshold = ALPHA / len(columns)
    drifted = 0
    for name, p in compare(columns, threshold, options.output).items():
        drifted += p < threshold
        print(f"{name}: {'DRIFTED' if p < threshold else 'no drift'} (p = {p:.2g})")
    print(f"{drifted} of {len(columns)} columns have drifted; the plots are in {options.output}")


def read_options() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(
        prog="make drift-report", usage='make drift-report ARGS="[options]"', description=__doc__
    )
    add = parser.add_argument
    add("--recordings", default="recordings", type=Path, help="folder of the records")
    add("--reference", nargs="+", default=[], type=Path, help="files with earlier records")
    add("--model", help="the model, if there are records of several")
    add("--version", help="the version, if the records of all versions are not to be compared")
    add("--output", default="reports/drift.html", type=Path, help="the page")
    add("--check", action="store_true", help="only read the records")
    return parser.parse_args()


def compare(columns: Columns, threshold: float, page: Path) -> dict[str, float]:
    """Write the page; return the probability of each column's difference by chance alone."""
    os.environ["DO_NOT_TRACK"] = "1"
    import pandas as pd
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataDriftPreset

    register_chi_square()
    reference, current = (
        pd.DataFrame({name: sides[side] for name, sides in columns.items()}) for side in (0, 1)
    )
    numbers = [name for name in columns if reference[name].dtype == float]
    definition = DataDefinition(
        numerical_columns=numbers,
        categorical_columns=[name for name in columns if name not in numbers],
    )
    preset = DataDriftPreset(num_method="ks", cat_method="homogeneity", threshold=threshold)
    run = Report([preset]).run(
        Dataset.from_pandas(current, definition), Dataset.from_pandas(reference, definition)
    )
    if not page.parent.exists():
        page.parent.mkdir(parents=True)
        (page.parent / ".gitignore").write_text("*\n")
    run.save_html(str(page))
    page.chmod(0o600)  # it shows categories, which may be personal data
    metrics = [metric for metric in run.dict()["metrics"] if "column" in metric["config"]]
    found = {metric["config"]["column"]: float(metric["value"]) for metric in metrics}
    return {name: found[name] for name in columns}


def register_chi_square() -> None:
    """Add the chi-square test of two samples; the library's own takes one of them as exact."""
    import pandas as pd
    from evidently.legacy.calculations.stattests import StatTest, register_stattest
    from evidently.legacy.core import ColumnType
    from scipy.stats import chi2_contingency

    def test(reference: Any, current: Any, _: Any, threshold: float) -> tuple[float, bool]:
        counts = pd.concat([side.value_counts() for side in (reference, current)], axis=1)
        p = float(chi2_contingency(counts.fillna(0)).pvalue)
        return p, p < threshold

    title = "chi-square test of two samples"
    register_stattest(StatTest("homogeneity", title, [ColumnType.Categorical]), test)


if __name__ == "__main__":
    main()
