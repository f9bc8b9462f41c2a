"""Make PDFs, and pictures of their pages, in processes of their own.

Each has no network, a stripped environment, only the bundled fonts, and limits on
time and memory. Each job runs in a fork of it: whatever a document does to the
process is gone with the job, and nothing of it reaches the next one.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import LifoQueue

from billing_app.documents.confined import bare_environment
from billing_app.documents.frames import read_message, write_message
from billing_app.domain.errors import BillingError, LimitReached

log = logging.getLogger(__name__)

# The slowest document that may be issued (PRINT_SIZE_MAX) waited 23 seconds for its 6
# of a processor where two cores had work for twelve; three times that still prints.
JOB_SECONDS_MAX = 75
# The worker imports the engine and draws a sample before it takes the first job.
START_SECONDS_MAX = 60
# Each takes a hundred megabytes, and more while it prints.
PROCESSES_MAX = 8

# Enough to need every library, and the fork of a job.
_SAMPLE = '<html lang="en"><head><title>A</title></head><body><p>A</p></body></html>'

_ROOT = Path(__file__).parents[2]
_FONTS = Path(__file__).parent / "fonts" / "fonts.conf"


class PdfEngineMissing(BillingError):
    """The system libraries that set the text are not installed."""

    code = "pdf_engine_missing"

    def __init__(self) -> None:
        super().__init__(
            "The PDF engine is missing. Run: apt-get install "
            "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
        )


class PdfFailed(BillingError):
    """The worker could not make this file."""

    code = "pdf_failed"


class PdfTooSlow(LimitReached):
    """The document took more time or memory than one may."""

    code = "pdf_too_slow"


class PdfRenderer:
    """Owns the print processes, each started at its first job.

    Blocking, safe to call from several threads. So many jobs run at once as there
    are processes; the one used last is used next, so that few are started for few.
    `fonts` is a folder called that, with what is printed in beside the bundled ones.

    Attributes:
        problem: why no PDF can be made here, as a sentence, or empty; as far as is
            known from the last job, or from `try_out`.
    """

    def __init__(
        self,
        job_seconds_max: int = JOB_SECONDS_MAX,
        process_count: int = 1,
        fonts: Path | None = None,
    ) -> None:
        assert fonts is None or fonts.name == "fonts"
        self.problem = ""
        self._processes = [
            _PrintProcess(job_seconds_max, fonts) for _ in range(process_count)
        ]
        self._idle: LifoQueue[_PrintProcess] = LifoQueue()
        for process in self._processes:
            self._idle.put(process)

    @property
    def process_count(self) -> int:
        return len(self._processes)

    def render(self, html: str, content_digest: str, xml: bytes = b"") -> bytes:
        """Return the PDF of a page from `render_print`, made to be kept.

        `xml` is the same invoice for machines; it goes inside as Factur-X. The same
        page, digest and XML give the same bytes, in any process.

        Raises:
            PdfEngineMissing: with the line that installs it.
            PdfTooSlow: the limits of a job were reached; the process is gone.
            PdfFailed: the engine could not do it.
        """
        identifier = bytes.fromhex(content_digest)[:16]
        (pdf,) = self._ask([b"pdf", html.encode(), identifier, xml])
        return pdf

    def render_pages(self, pdf: bytes, width: int) -> tuple[bytes, ...]:
        """Return a PNG of each page, `width` pixels wide.

        Raises:
            PdfEngineMissing, PdfTooSlow, PdfFailed: as `render`.
        """
        return tuple(self._ask([b"pages", pdf, str(width).encode()]))

    def try_out(self) -> str:
        """Make a tiny PDF, give its memory back, and return the problem, or nothing."""
        with self._taken() as process:
            was_running = process.is_running
            try:
                self._answer(process, [b"pdf", _SAMPLE.encode(), bytes(16), b""])
            except PdfTooSlow:
                # A machine as busy as that proves nothing.
                log.warning("pdf.try_out_too_slow")
            except BillingError as refusal:
                self.problem = refusal.message
            finally:
                if not was_running:
                    process.close()
        return self.problem

    def close(self) -> None:
        for process in self._processes:
            process.close()

    def _ask(self, request: Sequence[bytes]) -> list[bytes]:
        with self._taken() as process:
            return self._answer(process, request)

    def _answer(self, process: _PrintProcess, request: Sequence[bytes]) -> list[bytes]:
        try:
            is_late, answer = process.ask(request)
        except BillingError as refusal:
            # It could not even start, which no document is to blame for.
            self.problem = refusal.message
            raise
        if is_late:
            raise PdfTooSlow("This document takes too long to print. Make it shorter.")
        status, *parts = answer
        if status == b"done":
            self.problem = ""
            return parts
        if status == b"limit":
            raise PdfTooSlow("This document is too large to print. Make it shorter.")
        log.error("pdf.failed", extra={"reason": b"".join(parts).decode()})
        raise PdfFailed("The PDF could not be made. The reason is in the log.")

    @contextmanager
    def _taken(self) -> Iterator[_PrintProcess]:
        """Have a print process to oneself, after waiting for one."""
        process = self._idle.get()
        try:
            yield process
        finally:
            self._idle.put(process)


class _PrintProcess:
    """A process that prints, started at its first job and again after it was killed."""

    def __init__(self, job_seconds_max: int, fonts: Path | None) -> None:
        self._job_seconds_max, self._fonts = job_seconds_max, fonts
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, request: Sequence[bytes]) -> tuple[bool, list[bytes]]:
        """Return whether it was killed for being late, and what it answered."""
        with self._lock:
            return self._exchange(self._running(), request, self._job_seconds_max)

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def close(self) -> None:
        with self._lock:
            self._kill()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self._kill()
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            _worker_command(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=_ROOT,
            env=_environment(self._fonts),
            start_new_session=True,
        )
        _, (status, *reason) = self._exchange(self._process, None, START_SECONDS_MAX)
        if status == b"ready":
            return self._process
        self._kill()
        if status == b"missing":
            raise PdfEngineMissing
        log.error("pdf.worker_failed", extra={"reason": b"".join(reason).decode()})
        raise PdfFailed("The PDF worker could not start. The reason is in the log.")

    def _exchange(
        self,
        process: subprocess.Popen[bytes],
        request: Sequence[bytes] | None,
        seconds_max: int,
    ) -> tuple[bool, list[bytes]]:
        """Say something and wait for the answer; kill the worker when it is late."""
        assert process.stdin
        assert process.stdout
        late = threading.Event()

        def stop() -> None:
            late.set()
            _kill_group(process)

        watch = threading.Timer(seconds_max, stop)
        watch.daemon = True
        watch.start()
        try:
            if request is not None:
                write_message(process.stdin, request)
            return False, read_message(process.stdout)
        except (EOFError, BrokenPipeError):
            self._kill()
            return late.is_set(), [b"failed", b"the worker ended"]
        finally:
            watch.cancel()

    def _kill(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            # Leaving the block closes the pipes and waits.
            with suppress(BrokenPipeError), process:
                _kill_group(process)


def count_cores() -> int:
    """Return how many print processes can work at once here."""
    return min(os.cpu_count() or 1, PROCESSES_MAX)


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill the worker and its running job: they have a session of their own."""
    # Once it was waited for, the number may belong to somebody else.
    if process.returncode is None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)


def _worker_command() -> list[str]:
    return [sys.executable, "-m", "billing_app.documents.pdf_worker"]


def _environment(fonts: Path | None) -> dict[str, str]:
    # The font settings name the folder "fonts" in these; without both the system's
    # own fonts would be found.
    around = str(fonts.parent.resolve() if fonts else _FONTS)
    return {
        **bare_environment(),
        "FONTCONFIG_FILE": str(_FONTS),
        "XDG_DATA_HOME": around,
        "XDG_DATA_DIRS": around,
    }
