"""Bring a checkout to where it runs: uv, the Python packages, a few system libraries.

    python3 scripts/setup.py            what the app needs
    python3 scripts/setup.py --tests    and what its tests and checks need

Runs on any Python 3.8 or newer with nothing installed. What cannot be installed is
named in one line with the command to run, and the rest goes on.
"""

import ctypes
import ctypes.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / ".build"
LOG = WORK / "setup.log"

UV = "uv==0.13.9"
UV_OLDEST = (0, 9)
PYTHON = ">=3.11,<3.13"

# What WeasyPrint loads, and the Debian package of each.
PDF_LIBRARIES = {
    "libpango-1.0.so.0": "libpango-1.0-0",
    "libpangoft2-1.0.so.0": "libpangoft2-1.0-0",
    "libharfbuzz-subset.so.0": "libharfbuzz-subset0",
}
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def main():
    with_tests = "--tests" in sys.argv[1:]
    WORK.mkdir(exist_ok=True)

    uv = find_uv() or install_uv()
    if uv is None or not sync(uv, with_tests):
        return 1
    install_system_packages(missing_packages(with_tests))
    return 0


def find_uv():
    """Return a uv that is new enough: our own, or the one on PATH."""
    candidates = [WORK / "uv" / "bin" / "uv", shutil.which("uv")]
    return next((str(uv) for uv in candidates if uv and is_new_enough(uv)), None)


def is_new_enough(uv):
    try:
        # "uv 0.13.9 (x86_64-unknown-linux-gnu)"
        words = capture([str(uv), "--version"]).stdout.split()
    except OSError:
        return False
    if len(words) < 2:
        return False
    numbers = words[1].split(".")[:2]
    return all(n.isdigit() for n in numbers) and tuple(map(int, numbers)) >= UV_OLDEST


def install_uv():
    """Put uv into a folder of its own; the system's Python is not touched."""
    say("Installing uv …")
    if not (install_uv_by_venv() or install_uv_by_pip()):
        # Debian ships both apart from Python.
        install_system_packages({"python3-venv": "set-up"})
        if not install_uv_by_venv():
            say(f"uv could not be installed; {LOG} says why.")
    return find_uv()


def install_uv_by_venv():
    own = empty_folder_for_uv()
    python = str(own / "bin" / "python")
    return logged([sys.executable, "-m", "venv", str(own)]) and pip_install_uv(python)


def install_uv_by_pip():
    """Do without venv, also where PEP 668 closes the system's own folders."""
    own = empty_folder_for_uv()
    return pip_install_uv(sys.executable, "--target", str(own))


def empty_folder_for_uv():
    own = WORK / "uv"
    shutil.rmtree(str(own), ignore_errors=True)
    return own


def pip_install_uv(python, *options):
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    return logged([*pip, *options, UV])


def sync(uv, with_tests):
    """Install what the lock file names. Never downloads a Python.

    Bytecode is made here, once, rather than at the first start, and also where
    Python is told not to keep it: without it each process starts twice as slow.
    --inexact leaves the tests' packages alone when only the app is asked for.
    """
    if not (ROOT / ".venv").exists():
        say("Installing Python packages, bun and node from the lock file …")
    environment = {**os.environ, "UV_PYTHON_DOWNLOADS": "never"}
    # An activated environment of another project is none of ours.
    environment.pop("VIRTUAL_ENV", None)
    command = [uv, "sync", "--quiet", "--frozen", "--inexact", "--python", PYTHON]
    command += ["--compile-bytecode"]
    command += [] if with_tests else ["--no-dev"]
    finished = subprocess.run(command, cwd=str(ROOT), env=environment, check=False)
    if finished.returncode != 0:
        say(
            f"The Python packages could not be installed. Python {PYTHON} is needed, "
            f"and a connection to PyPI; {sys.executable} is {sys.version.split()[0]}."
        )
    return finished.returncode == 0


def missing_packages(with_tests):
    """Return the Debian packages to install and what does not work without them."""
    missing = {}
    if sys.platform == "darwin":
        if not has_pango_from_brew():
            missing["pango"] = "PDF files"
        return missing
    for library, package in PDF_LIBRARIES.items():
        if not loads(library):
            missing[package] = "PDF files"
    if with_tests and not any(map(shutil.which, BROWSERS)):
        missing["chromium"] = "browser tests"
    return missing


def install_system_packages(missing):
    """Install what may be installed; name the rest in one line."""
    if not missing:
        return
    manager, as_root = package_manager()
    packages = sorted(missing)
    if manager and as_root is not None:
        say("Installing {} …".format(", ".join(packages)))
        if manager[0] == "apt-get":
            logged([*as_root, "apt-get", "update", "-qq"])
        install = [*as_root, *manager]
        if logged([*install, *packages]):
            return
        # One by one: what this system does not know must not stop the others.
        packages = [package for package in packages if not logged([*install, package])]
    if packages:
        lost = " and no ".join(sorted({missing[package] for package in packages}))
        say(f"No {lost} until this is run: {ask_for(packages)}")


def ask_for(packages):
    if sys.platform == "darwin":
        return "brew install {}".format(" ".join(packages))
    return "sudo apt-get install {}".format(" ".join(packages))


def package_manager():
    """Return the install command, and what makes one root.

    [] where that is not needed, None where somebody would have to be asked.
    """
    if sys.platform == "darwin":
        return (["brew", "install", "--quiet"] if shutil.which("brew") else None), []
    if not shutil.which("apt-get"):
        return None, None
    manager = ["apt-get", "install", "-y", "-qq", "--no-install-recommends"]
    if os.geteuid() == 0:
        return manager, []
    if shutil.which("sudo") and capture(["sudo", "-n", "true"]).returncode == 0:
        return manager, ["sudo", "-n", "env", "DEBIAN_FRONTEND=noninteractive"]
    return manager, None


def loads(library):
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def has_pango_from_brew():
    folders = ("/opt/homebrew/lib", "/usr/local/lib")
    files = [Path(folder) / "libpango-1.0.dylib" for folder in folders]
    return any(map(Path.exists, files)) or bool(ctypes.util.find_library("pango-1.0"))


def logged(command):
    """Run a command, keep what it says in the log, tell whether it worked."""
    environment = {"DEBIAN_FRONTEND": "noninteractive", **os.environ}
    with LOG.open("ab") as log:
        log.write("$ {}\n".format(" ".join(command)).encode())
        log.flush()
        finished = subprocess.run(
            command,
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            env=environment,
            check=False,
        )
    return finished.returncode == 0


def capture(command):
    return subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def say(sentence):
    print(sentence, flush=True)


if __name__ == "__main__":
    sys.exit(main())
