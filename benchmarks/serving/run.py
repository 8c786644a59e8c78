"""One run: per model, start the servers, check them, load them by rounds."""

from contextlib import ExitStack

from benchmarks.serving import upstream
from benchmarks.serving.catalogue.keys import PARSE_ONLY
from benchmarks.serving.checks import check
from benchmarks.serving.progress import say
from benchmarks.serving.results import Results
from benchmarks.serving.rounds import measure_rounds
from benchmarks.serving.server import Server, running
from benchmarks.serving.system import System
from benchmarks.serving.workload import Task, Workload, prepare
from benchmarks.serving.workspace import Workspace


def measure(
    workspace: Workspace, workload: Workload, systems: list[System], results: Results
) -> None:
    """Measure systems that serve one model; the first is the baseline.

    Raises:
        UnusableError: The baseline cannot be measured, so nothing else can.
    """
    say(f"{workload.title}: prepare")
    with ExitStack() as stack:
        known = stack.enter_context(upstream.running(workload, workspace.load_core))
        task = prepare(
            workload, workspace.artifact_python, workspace.python, workspace.folder, known
        )
        baseline = _start(workspace, task, systems[0], stack, results)
        for group in _groups(systems[1:]):
            with ExitStack() as group_stack:
                others = []
                for system in group:
                    try:
                        others.append(_start(workspace, task, system, group_stack, results))
                    except RuntimeError as exc:
                        problem = f"{workload.title}, {system.title}: {exc}"
                        say(f"  left out: {problem}")
                        results.problems.append(problem)
                measure_rounds(workspace, task, [baseline, *others], results)


def _groups(systems: list[System]) -> list[list[System]]:
    """Group systems that may run at the same time, idle except for the one that is measured."""
    quiet = [system for system in systems if not system.apart]
    return [quiet, *([system] for system in systems if system.apart)]


def _start(
    workspace: Workspace, task: Task, system: System, stack: ExitStack, results: Results
) -> Server:
    """Start a server and check its responses; the exit stack stops it."""
    say(f"  start {system.title}")
    inputs, right = task.workload.inputs, task.right
    if system.key == PARSE_ONLY:
        right = [len(input_data) for input_data in inputs]
    with ExitStack() as attempt:
        server = attempt.enter_context(
            running(
                system,
                commands=workspace.commands(system.environment),
                folder=workspace.start_folder(system),
                env=workspace.variables(system, task.workload) | task.variables,
                log=workspace.folder / f"{task.workload.name}-{system.key}.log",
                core=workspace.server_core,
                first=(inputs[0], right[0]),
            )
        )
        check(server, inputs, right)
        stack.push(attempt.pop_all())
    results.versions[system.environment] = workspace.versions(system.environment)
    return server
