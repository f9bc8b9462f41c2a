"""Read the environment into one frozen Settings and refuse unsafe values at start."""

from __future__ import annotations

import ipaddress
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from billing_app.domain.errors import BillingError

ROOT = Path(__file__).resolve().parents[1]
NAMES = (
    *("DATA_DIR", "DATABASE_URL", "REFLEX_REDIS_URL", "SECRET_KEY", "WORKERS"),
    *("HOST", "PORT", "PUBLIC_URL", "TRUSTED_PROXY_HOPS", "TALLYPORT_DEMO"),
    *("SMTP_URL", "MAIL_FROM", "STRIPE_API_BASE", "STRIPE_WEBHOOK_TOLERANCE_SECONDS"),
    *("SIGNING_FILE", "SIGNING_PASSWORD", "GUEST_INVOICES", "SMTP_PRIVATE_HOSTS"),
)
STRIPE_API = "https://api.stripe.com"
STRIPE_CHECKOUT = "https://checkout.stripe.com"
STRIPE_JS = "https://js.stripe.com"
# What a page needs that takes cards: docs.stripe.com/security/guide, Content
# Security Policy, for Stripe.js.
STRIPE_SOURCES = {
    "script-src": (STRIPE_JS, "https://*.js.stripe.com"),
    "frame-src": (STRIPE_JS, "https://*.js.stripe.com", "https://hooks.stripe.com"),
    "connect-src": (STRIPE_API,),
}
# 256 bits written as text, the size of the keys derived from it.
SECRET_LENGTH_MIN = 32
_DATABASES = ("sqlite", "postgresql", "postgresql+psycopg")


class UnsafeSettings(BillingError):
    """The environment holds values the app must not start with."""

    code = "unsafe_settings"

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment decides; everything else is a row in the database.

    Attributes:
        data_dir: absolute folder of the database, the files and the secret key.
        public_url: origin that every link is made from, without a slash at the end.
        secret_key: encrypts stored keys and signs; lost with it, they are unreadable.
        smtp_private_hosts: mail servers in the installation's own network that
            workspaces may name.
        trusted_proxy_hops: reverse proxies whose X-Forwarded-For is believed.
        signing_file: key and certificate (PKCS#12) that every PDF is signed with, or
            a folder with those of each workspace.
        guest_invoices: anybody may write an invoice on a page without an account.
        is_demo: a throw-away database with a sandbox instead of Stripe and mail.
    """

    data_dir: Path
    host: str
    port: int
    workers: int
    public_url: str
    database_url: str = field(repr=False)
    redis_url: str | None = field(repr=False)
    secret_key: str = field(repr=False)
    smtp_url: str | None = field(repr=False)
    smtp_private_hosts: frozenset[str]
    mail_from: str | None
    signing_file: Path | None
    signing_password: str = field(repr=False)
    stripe_api_base: str
    stripe_webhook_tolerance_seconds: int
    trusted_proxy_hops: int
    guest_invoices: bool
    is_demo: bool

    @property
    def is_https(self) -> bool:
        return self.public_url.startswith("https://")

    @property
    def fonts_dir(self) -> Path:
        """Where an operator puts fonts for letters that the bundled ones lack."""
        return self.data_dir / "fonts"

    @property
    def has_known_database(self) -> bool:
        return self.database_url.partition(":")[0] in _DATABASES

    @property
    def is_embedded(self) -> bool:
        """One process on SQLite: nothing is shared with another machine."""
        return self.redis_url is None and self.database_url.startswith("sqlite")

    @property
    def origins(self) -> tuple[str, ...]:
        """Where pages of this app may come from, the public one first.

        On one's own machine the loopback has three names; each works.
        """
        url = urlsplit(self.public_url)
        if not is_loopback(url.hostname or ""):
            return (self.public_url,)
        port = f":{url.port}" if url.port else ""
        names = ("localhost", "127.0.0.1", "[::1]")
        local = (f"{url.scheme}://{name}{port}" for name in names)
        return tuple(dict.fromkeys((self.public_url, *local)))

    @property
    def checkout_origins(self) -> tuple[str, ...]:
        """Where a payment form may send the browser."""
        if self.stripe_api_base == STRIPE_API:
            return (STRIPE_CHECKOUT,)
        return (_origin(urlsplit(self.stripe_api_base)),)

    @property
    def stripe_script(self) -> str:
        """The script that takes cards on a page, of the API version we speak."""
        is_real = self.stripe_api_base == STRIPE_API
        return f"{STRIPE_JS if is_real else self.stripe_api_base}/endive/stripe.js"

    @property
    def card_sources(self) -> Mapping[str, tuple[str, ...]]:
        """What the policy of a page that takes cards allows in addition."""
        if self.stripe_api_base == STRIPE_API:
            return STRIPE_SOURCES
        return dict.fromkeys(STRIPE_SOURCES, self.checkout_origins)


def without_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for a process that must not know this installation."""
    return {name: value for name, value in environ.items() if name not in NAMES}


def load_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings, make the secret key of an embedded app when it has none.

    Raises:
        UnsafeSettings: with one sentence for each value that cannot be used.
    """
    settings = read_settings(environ)
    problems = list_problems(settings)
    if problems:
        raise UnsafeSettings(problems)
    if settings.secret_key:
        return settings

    secret_key = read_or_make_secret(settings.data_dir / "secret.key")
    # dataclasses.replace would do, were it not slower to read than this.
    return read_settings({**environ, "SECRET_KEY": secret_key})


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Parse the environment as it is, without judging how safe it is."""
    data_dir = _directory(environ.get("DATA_DIR", ""))
    port = _whole(environ, "PORT", 8000)
    is_demo = _text(environ, "TALLYPORT_DEMO") == "1"
    return Settings(
        data_dir=data_dir,
        host=_text(environ, "HOST") or "127.0.0.1",
        port=port,
        workers=_whole(environ, "WORKERS", 1),
        public_url=_public_url(environ, port),
        database_url=_text(environ, "DATABASE_URL")
        or f"sqlite:///{data_dir / 'tallyport.db'}",
        redis_url=_text(environ, "REFLEX_REDIS_URL"),
        secret_key=_text(environ, "SECRET_KEY") or "",
        smtp_url=_text(environ, "SMTP_URL"),
        smtp_private_hosts=_names(environ, "SMTP_PRIVATE_HOSTS"),
        mail_from=_text(environ, "MAIL_FROM"),
        signing_file=_file(environ, "SIGNING_FILE"),
        signing_password=_text(environ, "SIGNING_PASSWORD") or "",
        stripe_api_base=(_text(environ, "STRIPE_API_BASE") or STRIPE_API).rstrip("/"),
        stripe_webhook_tolerance_seconds=_whole(
            environ, "STRIPE_WEBHOOK_TOLERANCE_SECONDS", 300
        ),
        trusted_proxy_hops=_whole(environ, "TRUSTED_PROXY_HOPS", 0),
        guest_invoices=_switch(environ, "GUEST_INVOICES", otherwise=is_demo),
        is_demo=is_demo,
    )


def list_problems(settings: Settings) -> tuple[str, ...]:
    """Return a sentence for each setting the app must not start with."""
    found = (
        *_problems_of_address(settings),
        *_problems_of_secret(settings),
        *_problems_of_stores(settings),
        *_problems_of_stripe(settings),
        *_problems_of_mail(settings),
    )
    return tuple(found)


def read_or_make_secret(path: Path) -> str:
    """Return the secret key in the file; the first process to ask makes it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return path.read_text().strip()
    except FileNotFoundError:
        pass
    except OSError as refusal:
        problem = f"DATA_DIR={path.parent} cannot be used: {refusal.strerror}."
        raise UnsafeSettings((problem,)) from None

    ours = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(ours, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(SECRET_LENGTH_MIN) + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        # A link never replaces: of two processes at once, one makes the key.
        os.link(ours, path)
    except FileExistsError:
        pass
    finally:
        ours.unlink()
    return path.read_text().strip()


def is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _problems_of_address(settings: Settings) -> list[str]:
    found = []
    url = urlsplit(settings.public_url)
    if url.scheme not in ("http", "https") or not url.hostname or not _has_port(url):
        found.append(
            "PUBLIC_URL must be a whole address such as https://billing.example.com."
        )
    elif "*" in settings.public_url:
        found.append("PUBLIC_URL must name one host; * would let any site in.")
    elif url.path or url.query or url.fragment:
        found.append("PUBLIC_URL must end after the host: no path, no question mark.")
    elif "@" in url.netloc:
        found.append("PUBLIC_URL must not carry a name or a password.")
    elif (
        url.scheme == "http" and not is_loopback(url.hostname) and not settings.is_demo
    ):
        found.append(
            "PUBLIC_URL must start with https:// unless it is this machine: "
            "over http, links and sessions can be read on the way."
        )
    if not 0 <= settings.port <= 65535:
        found.append("PORT must lie between 0 and 65535.")
    if not 0 <= settings.trusted_proxy_hops <= 10:
        found.append(
            "TRUSTED_PROXY_HOPS must be the number of proxies before the app, 0 to 10."
        )
    return found


def _problems_of_secret(settings: Settings) -> list[str]:
    if settings.secret_key:
        if len(settings.secret_key) < SECRET_LENGTH_MIN:
            return [
                f"SECRET_KEY must have at least {SECRET_LENGTH_MIN} characters; "
                "`python3 -c 'import secrets; print(secrets.token_urlsafe(32))'` "
                "makes one."
            ]
        return []
    if settings.is_embedded:
        return []
    return [
        "SECRET_KEY must be set when PostgreSQL or Redis are used: every process "
        "needs the same one."
    ]


def _problems_of_stores(settings: Settings) -> list[str]:
    found = []
    if not settings.has_known_database:
        found.append(
            "DATABASE_URL must start with sqlite:/// or postgresql+psycopg://."
        )
    if settings.redis_url is not None:
        redis = urlsplit(settings.redis_url)
        if redis.scheme not in ("redis", "rediss", "unix"):
            found.append("REFLEX_REDIS_URL must start with redis:// or rediss://.")
        elif (
            redis.scheme != "unix"
            and not redis.password
            and not is_loopback(redis.hostname or "")
        ):
            # Reflex keeps pickles there: who writes to it runs code in the app.
            found.append(
                "REFLEX_REDIS_URL must carry a password when Redis is on another "
                "machine."
            )
    if not 1 <= settings.workers <= 64:
        found.append("WORKERS must lie between 1 and 64.")
    elif settings.workers > 1 and (
        settings.database_url.startswith("sqlite") or settings.redis_url is None
    ):
        found.append("WORKERS above 1 needs DATABASE_URL and REFLEX_REDIS_URL.")
    return found


def _problems_of_stripe(settings: Settings) -> list[str]:
    found = []
    base = urlsplit(settings.stripe_api_base)
    if settings.stripe_api_base != STRIPE_API and not (
        settings.is_demo or is_loopback(base.hostname or "")
    ):
        found.append(
            f"STRIPE_API_BASE must be left out or be {STRIPE_API}: keys would be "
            "sent to another host."
        )
    # Stripe's own libraries use 300; far more would accept replayed messages.
    if not 1 <= settings.stripe_webhook_tolerance_seconds <= 600:
        found.append(
            "STRIPE_WEBHOOK_TOLERANCE_SECONDS must lie between 1 and 600: "
            "without it, an old message could be played again."
        )
    return found


def _problems_of_mail(settings: Settings) -> list[str]:
    if settings.smtp_url is None:
        return []
    found = []
    url = urlsplit(settings.smtp_url)
    if url.scheme not in ("smtp", "smtps") or not url.hostname:
        found.append(
            "SMTP_URL must look like smtp://name:password@mail.example.com:587."
        )
    if settings.mail_from is None or "@" not in settings.mail_from:
        found.append("MAIL_FROM must be the address mail is sent from.")
    return found


def _text(environ: Mapping[str, str], name: str) -> str | None:
    """An empty variable is one that is not set."""
    return environ.get(name, "").strip() or None


def _whole(environ: Mapping[str, str], name: str, default: int) -> int:
    text = _text(environ, name)
    if text is None:
        return default
    if not text.isascii() or not text.isdigit():
        raise UnsafeSettings((f"{name} must be a whole number, not {text!r}.",))
    return int(text)


def _switch(environ: Mapping[str, str], name: str, *, otherwise: bool) -> bool:
    text = _text(environ, name)
    if text not in (None, "0", "1"):
        raise UnsafeSettings((f"{name} must be 1 for on or 0 for off, not {text!r}.",))
    return otherwise if text is None else text == "1"


def _names(environ: Mapping[str, str], name: str) -> frozenset[str]:
    return frozenset((_text(environ, name) or "").lower().replace(",", " ").split())


def _file(environ: Mapping[str, str], name: str) -> Path | None:
    text = _text(environ, name)
    return Path(text).expanduser().resolve() if text else None


def _directory(text: str) -> Path:
    return Path(text).expanduser().resolve() if text.strip() else ROOT / ".data"


def _public_url(environ: Mapping[str, str], port: int) -> str:
    """Write the address as browsers do: lower case, without the usual port."""
    text = (_text(environ, "PUBLIC_URL") or f"http://localhost:{port}").rstrip("/")
    scheme, _, rest = text.partition("://")
    host, slash, path = rest.partition("/")
    usual = {"http": ":80", "https": ":443"}.get(scheme.lower(), "")
    host = host.lower().removesuffix(usual)
    return f"{scheme.lower()}://{host}{slash}{path}" if rest else text


def _has_port(url: SplitResult) -> bool:
    """Tell whether the port, if there is one, is a number."""
    try:
        return url.port is None or url.port > 0
    except ValueError:
        return False


def _origin(url: SplitResult) -> str:
    return f"{url.scheme}://{url.netloc}"
