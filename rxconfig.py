"""What Reflex needs to know; everything else is in billing_app/settings.py."""

import os
import sys
from pathlib import Path

import reflex as rx

from billing_app.settings import load_settings

# bun and node come as wheels. Reflex looks them up on PATH, so their folder goes
# first: a node of the system, often too old, is never used.
_WHEELS = str(Path(sys.executable).parent)
if os.environ.get("PATH", "").split(os.pathsep)[0] != _WHEELS:
    os.environ["PATH"] = os.pathsep.join((_WHEELS, os.environ.get("PATH", "")))

_settings = load_settings()

config = rx.Config(
    app_name="billing_app",
    bun_path=Path(_WHEELS) / "bun",
    telemetry_enabled=False,
    show_built_with_reflex=False,
    # Only a place holder: endpoints/anyhost.py writes the real address.
    api_url="http://localhost:8000",
    frontend_port=8000,
    backend_port=8000,
    backend_host=_settings.host,
    cors_allowed_origins=list(_settings.origins),
    trusted_proxy_hops=_settings.trusted_proxy_hops,
    frontend_compression_formats=["brotli", "gzip"],
    state_manager_mode="redis" if _settings.redis_url else "memory",
    redis_url=_settings.redis_url,
    # Seconds a page's state outlives its visitor; the default hour costs 2 GB
    # for 10,000 visits.
    redis_token_expiration=900,
    disable_plugins=[rx.plugins.SitemapPlugin],
)
