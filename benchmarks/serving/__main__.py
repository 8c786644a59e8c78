"""Run it: `python -m benchmarks.serving --help`."""

import signal
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.serving import machine, tables
from benchmarks.serving.acceptance import targets, verdicts
from benchmarks.serving.catalogue import systems
from benchmarks.serving.options import Options, parse
from benchmarks.serving.pages.write import write
from benchmarks.serving.results import Results
from benchmarks.serving.run import measure
from benchmarks.serving.workload import workloads
from benchmarks.serving.workspace import Workspace


def main() -> None:
    """Measure what the options select, print tables and verdicts, write the page."""
    options = parse()
    if sentence := machine.missing():
        print(sentence, file=sys.stderr)
        sys.exit(2)
    for number in (signal.SIGINT, signal.SIGTERM):  # both end the servers, also from a script
        signal.signal(number, signal.default_int_handler)
    try:
        results = run(options)
    except KeyboardInterrupt:
        sys.exit("Interrupted; every server has been ended.")
    except (OSError, RuntimeError, subprocess.SubprocessError) as error:
        sys.exit(f"\n{error}")
    print(tables.everything(options, results))
    print(f"\n{verdicts(targets(results))}")
    if options.output:
        write(options, results)
    if results.problems:
        problems = "\n- ".join(results.problems)
        sys.exit(f"\nNot everything could be measured:\n- {problems}")


def run(options: Options) -> Results:
    """Measure model after model in a folder that is deleted at the end."""
    results, known = Results(), workloads()
    chosen = [system for system in systems() if system.key in options.systems]
    with TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as folder:
        workspace = Workspace(options, Path(folder))
        for name in options.models:
            measure(workspace, known[name], [s for s in chosen if name in s.models], results)
    for (model, connections, key), samples in results.samples.items():
        if errors := sum(sample.window.errors for sample in samples):
            where = f"{known[model].title}, {key}, {connections} connections"
            results.problems.append(f"{where}: {errors} requests failed; the row is invalid")
    return results


if __name__ == "__main__":
    main()
