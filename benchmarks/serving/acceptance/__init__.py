"""The target ratios. They are reported, and never fail a run."""

from benchmarks.serving.acceptance import classic, images, upstream
from benchmarks.serving.acceptance.target import Target
from benchmarks.serving.markdown import table
from benchmarks.serving.results import Results


def targets(results: Results) -> list[Target]:
    """Return every target."""
    return [*classic.targets(results), *images.targets(results), *upstream.targets(results)]


def verdicts(found: list[Target]) -> str:
    """Render a table of targets."""
    lines = []
    for target in found:
        sign = "≤" if target.at_most else "≥"
        if target.figure is not None:
            verdict = "PASS" if target.reached else "MISS"
            figures = f"{target.figure:.2f}", f"{sign} {target.bound:g}"
            lines.append([target.title, *figures, verdict])
    missing = len(found) - len(lines)
    note = f"\n\nTargets that were not measured: {missing}." if missing else ""
    return table(["target", "measured", "bound", ""], lines) + note
