"""`minikafka`: the commands one types.

Each does one thing and ends with 0, or says in one sentence what was wrong and ends with 2 (1: your answer does not
keep its promise yet, or the engine broke one).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from minikafka.trace.trace import Trace

Command = Callable[[argparse.Namespace], int]


class _Parser(argparse.ArgumentParser):
    """Says one sentence instead of a page of usage."""

    def error(self, message: str) -> NoReturn:
        print(f"{self.prog}: {message}. Try {self.prog} --help.", file=sys.stderr)
        raise SystemExit(2)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    command: Command | None = getattr(options, "command", None)
    if command is None:
        parser.print_help()
        return 2
    try:
        return command(options)
    except (ValueError, OSError) as problem:
        print(f"minikafka: {problem}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="minikafka", description="A Kafka small enough to read.")
    commands = parser.add_subparsers(title="commands", parser_class=_Parser, metavar="COMMAND")
    _add_run(commands)
    _add_trace(commands)
    _add_explore(commands)
    _add_grade(commands)
    _add_exercises(commands)
    _add_serve(commands)
    _add_control(commands)
    dump = commands.add_parser("dump", help="say what lies in the files of a data directory")
    dump.add_argument("directory", type=Path, metavar="DIR")
    dump.add_argument("--records", action="store_true", help="with keys and values")
    dump.set_defaults(command=_dump)
    doctor = commands.add_parser("doctor", help="say what is missing on this machine, and how to mend it")
    doctor.set_defaults(command=_doctor)
    return parser


def _add_run(commands: Any) -> None:
    run = commands.add_parser("run", help="play a scenario in the simulation and tell its story")
    run.add_argument("scenario", nargs="?", help="its id, as 06_two_leaders")
    run.add_argument("--list", action="store_true", help="list all scenarios")
    run.add_argument("--seed", type=int, help="another seed than the scenario's own")
    run.add_argument("--trace", type=Path, metavar="FILE", help="write the trace as JSON")
    run.add_argument("--page", type=Path, metavar="FILE", help="write the player as one HTML file")
    run.add_argument("--with", type=Path, metavar="DIR", dest="mine", help="your own functions in place of ours")
    run.set_defaults(command=_run)


def _add_trace(commands: Any) -> None:
    trace = commands.add_parser("trace", help="tell the story of a trace file")
    trace.add_argument("file", type=Path)
    trace.set_defaults(command=_trace)


def _add_explore(commands: Any) -> None:
    explore = commands.add_parser("explore", help="play random schedules under every promise; 1 if one is broken")
    explore.add_argument("--profile", default="replication", help="what is explored (replication)")
    explore.add_argument("--schedules", type=int, default=1_000, metavar="N", help="at most so many (1000)")
    explore.add_argument("--seed", type=int, default=0, help="where the schedules are drawn from (0)")
    explore.add_argument("--mutant", metavar="NAME", help="plant a fault in the engine first")
    explore.add_argument("--jobs", type=int, default=1, metavar="J", help="processes (1)")
    explore.add_argument("--trace", type=Path, metavar="FILE", help="where the trace of a failing run goes")
    explore.set_defaults(command=_explore)
    mutants = commands.add_parser("mutants", help="list the faults that can be planted in the engine")
    mutants.set_defaults(command=_mutants)


def _add_grade(commands: Any) -> None:
    grade = commands.add_parser("grade", help="grade your answer to an exercise")
    grade.add_argument("exercise", help="its id, as 06/elect_leader")
    grade.add_argument("--file", type=Path, help="another file than exercises/…/answer.py")
    grade.set_defaults(command=_grade)


def _add_exercises(commands: Any) -> None:
    milestone = commands.add_parser("milestone", help="play a published failure with the functions you have written")
    milestone.add_argument("lesson", type=int, help="6 or 12: the lesson after which it stands")
    milestone.set_defaults(command=_milestone)
    for name, said, command in (
        ("next", "say what to do now", _next),
        ("exercises", "list the exercises and how far you are", _exercises),
        ("progress", "say what you have passed, when, and with which answer", _progress),
    ):
        commands.add_parser(name, help=said).set_defaults(command=command)
    watch = commands.add_parser("watch", help="grade at every save, with one key for hint, list, reset, open")
    watch.add_argument("exercise", nargs="?", help="its id; the next one if you give none")
    watch.set_defaults(command=_watch)
    hint = commands.add_parser("hint", help="show the next hint of an exercise")
    hint.add_argument("exercise", help="its id, as 06/elect_leader")
    hint.add_argument("number", nargs="?", type=int, help="another one than the next")
    hint.set_defaults(command=_hint)
    new = commands.add_parser("new-exercise", help="write the files of an exercise, for its author to fill")
    new.add_argument("exercise", help="its id, as 05/ack_decision")
    new.add_argument("--kind", default="write", help="write, predict, attack, specify, order or diagnose (write)")
    new.add_argument("--function", default="", metavar="MODULE:NAME", help="the function of the core to be written")
    new.set_defaults(command=_new_exercise)
    reset = commands.add_parser("reset", help="begin an answer anew, and keep a copy of it")
    reset.add_argument("exercise", help="its id, as 06/elect_leader")
    reset.set_defaults(command=_reset)


def _add_serve(commands: Any) -> None:
    serve = commands.add_parser("serve", help="serve three brokers to any Kafka client, on this machine only")
    serve.add_argument("--brokers", type=int, default=3, help="how many brokers (3)")
    serve.add_argument("--port", type=int, default=9092, help="port of the first broker; 0 takes free ports (9092)")
    serve.add_argument("--controllers", type=int, default=1, help="how many controllers: 1, 3 or 5 (1)")
    kept = serve.add_mutually_exclusive_group()
    kept.add_argument("--data-dir", type=Path, metavar="DIR", help="keep everything there, and go on from it")
    kept.add_argument("--memory", action="store_true", help="keep nothing (the default)")
    serve.add_argument("--config", action="append", default=[], metavar="KEY=VALUE", help="a broker setting")
    serve.add_argument("--listen", default="127.0.0.1", metavar="HOST", help="where the ports are bound (127.0.0.1)")
    serve.add_argument("--advertise", default="", metavar="HOST", help="where clients are told to come (as --listen)")
    serve.add_argument("--racks", metavar="A,B,…", help="broker.rack of each broker, in their order")
    serve.add_argument("--with", type=Path, metavar="DIR", dest="mine", help="your own functions in place of ours")
    serve.add_argument("--processes", action="store_true", help="a process of its own for each broker and controller")
    serve.add_argument(
        "--metrics", type=int, metavar="PORT", help="a page for Prometheus on this port; 0 takes a free one"
    )
    serve.add_argument(
        "--stage", type=int, nargs="?", const=0, metavar="PORT", help="a page with the running cluster on the stage"
    )
    serve.add_argument("--log-format", choices=["text", "json"], default="text", help="of standard error (text)")
    serve.set_defaults(command=_serve)


def _add_control(commands: Any) -> None:
    status = commands.add_parser("status", help="brokers, ports and process ids of a server that runs")
    status.set_defaults(command=_status)
    fault = commands.add_parser("fault", help="crash, restart, pause, resume, cut or heal a broker of a running server")
    fault.add_argument("verb", choices=["crash", "restart", "pause", "resume", "cut", "heal"])
    fault.add_argument("broker", type=int, metavar="N")
    fault.set_defaults(command=_fault)
    for one in (status, fault):
        one.add_argument("--data-dir", type=Path, metavar="DIR", help="of the server, if it was given one")


def _run(options: argparse.Namespace) -> int:
    from minikafka.scenarios import all_scenarios, scenario
    from minikafka.world import run_scenario

    if options.list or options.scenario is None:
        for one in all_scenarios():
            print(f"{one.id:24} {one.moral}")
        return 0 if options.list else 2
    chosen = scenario(options.scenario)
    if options.mine is not None:
        from minikafka.grading.commands import run_with

        return run_with(options.mine, lambda scenes: run_scenario(chosen, options.seed, branches=False, scenes=scenes),
                        lambda trace: _tell(trace, options))  # fmt: skip
    _tell(run_scenario(chosen, options.seed), options)
    return 0


def _tell(trace: Trace, options: argparse.Namespace) -> None:
    """The story of a scenario's run; trace and page go where they are wanted."""
    document = trace.to_json()
    if options.trace is not None:
        options.trace.write_text(json.dumps(document, separators=(",", ":")), encoding="utf-8")
    if options.page is not None:
        from minikafka.stage.page import page

        options.page.write_text(page(trace), encoding="utf-8")
    print(f"{document['title']} (seed {document['seed']}, {trace.steps} steps)")
    for step, sentence in trace.story():
        print(f"{step:6}  {sentence}")
    print(document["moral"])


def _trace(options: argparse.Namespace) -> int:
    from minikafka.trace.trace import Trace, TraceError

    try:
        trace = Trace.from_json(json.loads(options.file.read_text(encoding="utf-8")))
    except json.JSONDecodeError as problem:
        raise TraceError(f"{options.file} is no JSON: {problem}.") from None
    for step, sentence in trace.story():
        print(f"{step:6}  {sentence}")
    return 0


def _explore(options: argparse.Namespace) -> int:
    from minikafka import proving

    return proving.explore(options)


def _mutants(_: argparse.Namespace) -> int:
    from minikafka import proving

    return proving.list_mutants()


def _grade(options: argparse.Namespace) -> int:
    from minikafka.grading import commands

    return commands.grade(options.exercise, options.file)


def _milestone(options: argparse.Namespace) -> int:
    from minikafka.grading import commands

    return commands.play_milestone(options.lesson)


def _exercises(_: argparse.Namespace) -> int:
    from minikafka.grading import commands

    return commands.list_exercises()


def _next(_: argparse.Namespace) -> int:
    from minikafka.grading import commands

    return commands.what_next()


def _progress(_: argparse.Namespace) -> int:
    from minikafka.grading import commands

    return commands.show_progress()


def _watch(options: argparse.Namespace) -> int:
    from minikafka.grading import watching

    return watching.watch(options.exercise)


def _hint(options: argparse.Namespace) -> int:
    from minikafka.grading import commands

    return commands.hint(options.exercise, options.number)


def _reset(options: argparse.Namespace) -> int:
    from minikafka.grading import commands

    return commands.reset(options.exercise)


def _new_exercise(options: argparse.Namespace) -> int:
    from minikafka.grading import commands

    return commands.new_exercise(options.exercise, options.kind, options.function)


def _serve(options: argparse.Namespace) -> int:
    from minikafka.server.serve import serve
    from minikafka.server.shape import racks_from

    started = partial(
        serve,
        brokers=options.brokers,
        controllers=options.controllers,
        port=options.port,
        config=options.config,
        data_dir=options.data_dir,
        processes=options.processes,
        metrics=options.metrics,
        json_logs=options.log_format == "json",
        racks=racks_from(options.racks),
        listen=options.listen,
        advertise=options.advertise,
        stage=options.stage,
    )
    if options.mine is None:
        return started()
    if options.processes:
        raise ValueError("--with puts your functions into this process; leave --processes out.")
    from minikafka.grading.commands import serve_with

    return serve_with(options.mine, started)


def _status(options: argparse.Namespace) -> int:
    from minikafka.server import control

    return control.status(options.data_dir)


def _fault(options: argparse.Namespace) -> int:
    from minikafka.server import control

    return control.fault(options.verb, options.broker, options.data_dir)


def _dump(options: argparse.Namespace) -> int:
    from minikafka.server.dump import dump

    return dump(options.directory, with_records=options.records)


def _doctor(_: argparse.Namespace) -> int:
    from minikafka import doctor

    return doctor.main()


if __name__ == "__main__":
    raise SystemExit(main())
