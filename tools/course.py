#!/usr/bin/env python3
"""The course's front door: `python tools/course.py start` is all a reader has to type.

Needs only Python and git: everything else goes into `.venv`, from `locks/*.txt`, once. A second start finds the
stamp in the venv unchanged and installs nothing. Every failure a reader can cause or cure is one sentence.

    start   the site and JupyterLab on this machine, one link        test    every test
    site    build the site into site/                                lint    ruff and mypy
    proof   the long share of the proof; writes docs/proof.md        matrix  the proof of the graders
    bench   the numbers of benchmarks/                               lock    choose new versions (network)
    doctor  what is missing and how to mend it                       clean   forget what was built
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BUILD = ROOT / "build"
STAMP = VENV / "course.json"
WINDOWS = os.name == "nt"
VENV_PYTHON = VENV / ("Scripts/python.exe" if WINDOWS else "bin/python")
OLDEST = (3, 11)
# The test lock holds all of the start lock, so a venv made for `test` also serves `start`.
# Two workers, however many cores there are: more would fight for the ports, browsers and servers of the tests. A group
# is a file (tests/conftest.py), so what a module sets up is set up once.
SIDE_BY_SIDE = ("--numprocesses", "2", "--dist", "loadgroup")
LOCK_EXTRAS = {"start": ("fast", "notebook", "site"), "test": ("fast", "notebook", "site", "test")}


class CourseError(Exception):
    """Something the reader can mend; its text is the one sentence they see."""


# --- the right Python, and the venv -------------------------------------------------------------------------------


def use_a_new_enough_python() -> None:
    """Go on under a newer Python of this machine when this one is too old, or say what to install."""
    if sys.version_info >= OLDEST:
        return
    for minor in range(20, OLDEST[1] - 1, -1):
        newer = shutil.which(f"python3.{minor}")
        if newer:
            raise SystemExit(subprocess.call([newer, str(Path(__file__).resolve()), *sys.argv[1:]]))
    wanted = ".".join(map(str, OLDEST))
    raise CourseError(f"The course needs Python {wanted} or newer, this is {sys.version.split()[0]}: install one.")


def lock_file(kind: str) -> Path:
    """The file that pins every package of `start` or `test`, with hashes."""
    return ROOT / "locks" / f"{kind}.txt"


def wanted_stamp(kind: str) -> str:
    """One hash for all that decides what is in the venv: the lock, our own packaging, and where we are."""
    digest = hashlib.sha256()
    for path in (lock_file(kind), ROOT / "pyproject.toml"):
        digest.update(path.read_bytes())
    digest.update(f"{ROOT}{sys.platform}".encode())
    return digest.hexdigest()


def installed_stamps() -> dict[str, str]:
    """What earlier runs installed; empty when there is no working venv."""
    try:
        subprocess.run([VENV_PYTHON, "-c", ""], check=True, capture_output=True)
        return json.loads(STAMP.read_text())
    except (OSError, ValueError, subprocess.CalledProcessError):
        return {}


def ensure_venv(kind: str) -> None:
    """Make `.venv` hold what `kind` needs. Nothing to do is the usual case, and takes no network."""
    stamps, stamp = installed_stamps(), wanted_stamp(kind)
    if stamps.get(kind) == stamp:
        return
    if not stamps and Path(sys.prefix).resolve() != VENV.resolve():  # never pull away the floor we stand on
        make_venv()
    say(f"Installing what the course needs into {VENV.name}, once: a minute or two ...")
    began = time.monotonic()
    pip("--require-hashes", "--no-deps", "-r", str(lock_file(kind)))
    pip("--no-deps", "--no-build-isolation", "--no-index", "-e", str(ROOT))
    kinds = ("start", "test") if kind == "test" else (kind,)
    settle_jupyter()
    STAMP.write_text(json.dumps({each: wanted_stamp(each) for each in kinds}))
    say(f"Installed in {time.monotonic() - began:.0f} s.")


def make_venv() -> None:
    """A fresh `.venv`, with pip."""
    try:
        venv.create(VENV, clear=True, with_pip=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise CourseError(
            f"This Python cannot make a virtual environment ({error.__class__.__name__}); "
            f"on Debian or Ubuntu run `apt install python3-venv`, else install Python from python.org."
        ) from None


def pip(*arguments: str) -> None:
    """One pip install; its output is kept in build/pip.log, its failure told in a sentence."""
    BUILD.mkdir(exist_ok=True)
    log = BUILD / "pip.log"
    command = [VENV_PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", *arguments]
    with log.open("w", encoding="utf-8") as out:
        if subprocess.run(command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT).returncode == 0:
            return
    text = log.read_text(encoding="utf-8", errors="replace")
    raise CourseError(f"pip could not install the packages: {why_pip_failed(text)} All of it is in build/pip.log.")


def why_pip_failed(log: str) -> str:
    """The likeliest cause, in one sentence, from what pip printed."""
    known = {
        "THESE PACKAGES DO NOT MATCH THE HASHES": "a download differs from the locked one; try again, or ask us.",
        "No space left on device": "the disk is full.",
        "NewConnectionError": "the package index cannot be reached; is there a network connection?",
        "Temporary failure in name resolution": "the package index cannot be reached; is there a network connection?",
        "CERTIFICATE_VERIFY_FAILED": "the connection's certificate is not trusted (a proxy?); set PIP_CERT.",
        "No matching distribution found": "a package is not there for this Python, or there is no network connection.",
    }
    for sign, meaning in known.items():
        if sign in log:
            return meaning
    last = [line.strip() for line in log.splitlines() if line.strip()] or ["it printed nothing"]
    return f"it ended with `{last[-1][:160]}`."


def settle_jupyter() -> None:
    """JupyterLab follows the system's light or dark, and asks nothing of the network."""
    settings = VENV / "share/jupyter/lab/settings/overrides.json"
    settings.parent.mkdir(parents=True, exist_ok=True)
    apputils = "@jupyterlab/apputils-extension"
    settings.write_text(
        json.dumps(
            {
                f"{apputils}:themes": {"adaptive-theme": True},
                f"{apputils}:notification": {"checkForUpdates": False, "fetchNews": "false"},
            }
        )
    )


# --- the site, and serving it -------------------------------------------------------------------------------------


def build_site() -> None:
    """The site in site/, made only when something it is made of has changed.

    A reader who breaks the engine on purpose still gets in, by the site that was built before.
    """
    if run("tools/site.py") == 0:
        return
    if not (ROOT / "site" / "index.html").exists():
        raise CourseError("The site could not be built; the reason stands above.")
    say("The site could not be built anew, for the reason above: this is the one from before.")


def start(options: argparse.Namespace) -> int:
    """Everything a reader needs, behind one link, until Ctrl-C."""
    ensure_venv("start")
    build_site()
    # Imported here: these modules are new Python, and this file must load under an old one to say so.
    sys.path.insert(0, str(ROOT / "tools"))
    import serve_course

    site_port = free_port("site", options.port)
    lab_port = free_port("notebooks", options.lab_port, taken=site_port)
    token = secrets.token_hex(16)
    lab = None if options.no_lab else start_lab(lab_port, token)
    for number in (signal.SIGTERM, signal.SIGINT):  # a shell may have started us deaf to Ctrl-C
        signal.signal(number, interrupt)
    try:
        lab_link = f"http://127.0.0.1:{lab_port}/lab/tree/{{path}}?token={token}" if lab else ""
        server = serve_course.make_server(site_port, ROOT, lab_link)
        say(f"\n  The course is open:  http://127.0.0.1:{site_port}/\n\n  Ctrl-C stops it.")
        server.serve_forever()
    except KeyboardInterrupt:
        say("\nStopped.")
    finally:
        stop(lab)
    return 0


def interrupt(number: int, frame: object) -> None:
    """Being told to end is the same as Ctrl-C: JupyterLab must not outlive us."""
    raise KeyboardInterrupt


def start_lab(port: int, token: str) -> subprocess.Popen[bytes]:
    """JupyterLab on this machine only; its own settings, so a reader's other Jupyter is left alone."""
    BUILD.mkdir(exist_ok=True)
    environment = {**jupyter_environment(), "JUPYTER_TOKEN": token}
    environment["JUPYTER_CONFIG_DIR"] = str(BUILD / "jupyter")
    command = [VENV_PYTHON, "-m", "jupyterlab", "--no-browser", "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}"]
    command += ["--ServerApp.port_retries=0", f"--ServerApp.root_dir={ROOT}", "--ServerApp.allow_root=True"]
    # A session of its own: Ctrl-C reaches us alone, and we end it; Jupyter would stop to ask "are you sure?".
    apart = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP} if WINDOWS else {"start_new_session": True}
    with (BUILD / "jupyter.log").open("wb") as log:
        return subprocess.Popen(
            command, env=environment, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, **apart
        )


def stop(process: subprocess.Popen[bytes] | None) -> None:
    """End JupyterLab and, through it, its kernels."""
    if process is None or process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(timeout=8)
    except subprocess.TimeoutExpired:
        process.kill()


def free_port(what: str, wanted: int, taken: int = 0) -> int:
    """The wanted port, or the next free one above it; a busy one is named."""
    import socket

    for port in range(wanted, wanted + 50):
        with socket.socket() as probe:
            if not WINDOWS:  # on Windows this option would let two servers share the port
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                if port != taken:
                    probe.bind(("127.0.0.1", port))
                    if port != wanted:
                        say(f"Port {wanted} is busy: the {what} will be on {port}.")
                    return port
    raise CourseError(f"Ports {wanted} to {wanted + 49} are all busy: choose another with --port or --lab-port.")


# --- tests and the rest -------------------------------------------------------------------------------------------


def test(options: argparse.Namespace) -> int:
    """All that must hold: style, types, the site, every test. All of it runs even if one part fails."""
    ensure_venv("test")
    parts = {
        "site": ("tools/site.py",),
        "ruff": ("-m", "ruff", "check", "."),
        "mypy": ("-m", "mypy"),
        "pytest": ("-m", "pytest", *SIDE_BY_SIDE, *options.rest),
    }
    failed = [name for name, command in parts.items() if timed(name, command)]
    say(f"\nFailed: {', '.join(failed)}." if failed else "\nAll green.")
    return 1 if failed else 0


def lint(options: argparse.Namespace) -> int:
    """Style and types only."""
    ensure_venv("test")
    return timed("ruff", ("-m", "ruff", "check", ".")) | timed("mypy", ("-m", "mypy"))


def site(options: argparse.Namespace) -> int:
    """The site, built."""
    ensure_venv("start")
    return run("tools/site.py", *options.rest)


def bench(options: argparse.Namespace) -> int:
    """The numbers of benchmarks/, each beside this machine's calibration."""
    ensure_venv("test")
    if not (ROOT / "benchmarks").exists():
        raise CourseError("There are no benchmarks yet.")
    return run("-m", "benchmarks", *options.rest)


def proof(options: argparse.Namespace) -> int:
    """The long share of the proof; writes docs/proof.md."""
    ensure_venv("test")
    return run("tools/proof.py", *options.rest)


def matrix(options: argparse.Namespace) -> int:
    """The kill matrix of the graders; writes docs/kill-matrix.md."""
    ensure_venv("test")
    return run("tools/matrix.py", *options.rest)


def doctor(options: argparse.Namespace) -> int:
    """What is missing, and how to mend it; needs no venv, since making one may be what fails."""
    sys.path.insert(0, str(ROOT))
    from minikafka import doctor as doctor_of_the_course

    return doctor_of_the_course.main()


def lock(options: argparse.Namespace) -> int:
    """New versions in both locks. The start lock takes its versions from the test lock, so the two always agree."""
    ensure_venv("test")
    pip("uv>=0.9")
    shared = ["-m", "uv", "pip", "compile", "pyproject.toml", "--group", "build", "--universal", "--upgrade", "--quiet"]
    shared += ["--python-version", ".".join(map(str, OLDEST)), "--generate-hashes", "--no-annotate"]
    shared += ["--custom-compile-command", "python tools/course.py lock"]
    for kind in ("test", "start"):
        extras = [word for extra in LOCK_EXTRAS[kind] for word in ("--extra", extra)]
        agreeing = ["--constraint", "locks/constraints.txt" if kind == "test" else "locks/test.txt"]
        if run(*shared, *extras, *agreeing, "--output-file", f"locks/{kind}.txt"):
            raise CourseError(f"The {kind} lock could not be made; the reason stands above.")
    return 0


def clean(options: argparse.Namespace) -> int:
    """Forget the venv and all that was built. Answers and notebooks of the reader stay."""
    for folder in (VENV, BUILD, ROOT / "site"):
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def timed(name: str, command: tuple[str, ...]) -> int:
    """Run one part of a check under its own heading, with its seconds."""
    say(f"\n--- {name}")
    began = time.monotonic()
    code = run(*command)
    say(f"--- {name}: {'ok' if code == 0 else 'FAILED'} in {time.monotonic() - began:.1f} s")
    return code


def run(*arguments: str) -> int:
    """Something under the venv's Python, at the top of the tree; its exit code."""
    return subprocess.run([str(VENV_PYTHON), *arguments], cwd=ROOT, env=jupyter_environment()).returncode


def jupyter_environment() -> dict[str, str]:
    """Our environment, with the venv's kernel before any other that calls itself python3."""
    tools = str(VENV_PYTHON.parent)
    path = f"{tools}{os.pathsep}{os.environ.get('PATH', '')}"
    return {**os.environ, "PATH": path, "JUPYTER_PREFER_ENV_PATH": "1", "PYTHONUTF8": "1"}


def say(text: str) -> None:
    """Print at once: what follows may take a minute."""
    print(text, flush=True)


COMMANDS = {
    "start": start, "test": test, "site": site, "lint": lint,
    "bench": bench, "proof": proof, "matrix": matrix, "doctor": doctor, "lock": lock, "clean": clean,
}  # fmt: skip


def parse(argv: list[str]) -> argparse.Namespace:
    """The command and its options; what we do not know goes on to the tool behind it."""
    parser = argparse.ArgumentParser(
        prog="python tools/course.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", choices=COMMANDS, metavar="command")
    parser.add_argument("--port", type=int, default=8300, help="where the site is served (start)")
    parser.add_argument("--lab-port", type=int, default=8400, help="where JupyterLab is served (start)")
    parser.add_argument("--no-lab", action="store_true", help="without JupyterLab (start)")
    options, options.rest = parser.parse_known_args(argv)
    if options.rest and options.command in ("start", "lint", "doctor", "lock", "clean"):
        parser.error(f"{options.command} does not know {' '.join(options.rest)}")
    return options


def main(argv: list[str]) -> int:
    """Run one command; what the reader can mend is one sentence and exit code 1."""
    try:
        use_a_new_enough_python()
        options = parse(argv)
        return COMMANDS[options.command](options)
    except CourseError as error:
        print(f"course: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
