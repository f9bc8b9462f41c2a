"""tallyport set-password: give somebody who is locked out a new password."""

from __future__ import annotations

import argparse

from billing_app.commands._installed import load_installed
from billing_app.commands.create_owner import PASSWORD_VARIABLE, read_password
from billing_app.commands.migrate import migrate
from billing_app.runtime import open_runtime
from billing_app.workflows.audit_trail import seal_all
from billing_app.workflows.security import find_locked_out, replace_password


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("email", help="address they sign in with")
    parser.epilog = f"The password is asked for, or taken from {PASSWORD_VARIABLE}."


def run(arguments: argparse.Namespace) -> int:
    settings = load_installed()
    migrate(settings)
    runtime = open_runtime(settings)
    try:
        locked_out = find_locked_out(runtime, arguments.email)
        replace_password(runtime, locked_out, *read_password())
        seal_all(runtime)
    finally:
        runtime.engine.dispose()
    print(f"{locked_out.email} has a new password and is signed out everywhere.")
    print(f"Sign in at {settings.public_url}/sign-in")
    return 0
