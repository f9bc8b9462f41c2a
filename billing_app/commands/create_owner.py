"""tallyport create-owner: add a workspace and its first member."""

from __future__ import annotations

import argparse
import getpass
import os
import sys

from billing_app.commands.migrate import migrate
from billing_app.domain.errors import BillingError
from billing_app.domain.profiles import PROFILES
from billing_app.domain.sign_in import PASSWORD_LENGTH_MIN
from billing_app.runtime import open_runtime
from billing_app.settings import Settings, load_settings
from billing_app.workflows.audit_trail import seal_all
from billing_app.workflows.set_up import (
    SetUpForm,
    create_another,
    create_owner,
    signs_in,
)

PASSWORD_VARIABLE = "TALLYPORT_PASSWORD"  # noqa: S105  (a name, not a password)


class NoPassword(BillingError):
    """Nobody is there to type a password, and none was given."""

    code = "no_password"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--email", required=True, help="address the owner signs in with"
    )
    parser.add_argument("--name", required=True, help="the owner's name")
    parser.add_argument("--workspace", required=True, help="name of the business")
    parser.add_argument("--currency", default="EUR", help="such as EUR")
    parser.add_argument("--zone", default="UTC", help="such as Europe/Amsterdam")
    parser.add_argument(
        "--profile",
        default="",
        metavar="NAME",
        help="how the portal answers at first, one of "
        + ", ".join(profile.key for profile in PROFILES),
    )
    parser.add_argument(
        "--another",
        action="store_true",
        help="one more workspace of somebody who signs in already; "
        "their password stays",
    )
    parser.epilog = f"The password is asked for, or taken from {PASSWORD_VARIABLE}."


def run(arguments: argparse.Namespace) -> int:
    settings = load_settings()
    migrate(settings)
    runtime = open_runtime(settings)
    # Whoever signs in already is refused before a password is asked for.
    keeps_password = arguments.another or signs_in(runtime, arguments.email)
    password, repeated = ("", "") if keeps_password else read_password()
    form = SetUpForm(
        name=arguments.workspace,
        currency=arguments.currency,
        zone=arguments.zone,
        owner_name=arguments.name,
        email=arguments.email,
        profile=arguments.profile,
        password=password,
        repeated=repeated,
    )
    found = create_another if arguments.another else create_owner
    found(runtime, form)
    seal_all(runtime)
    runtime.engine.dispose()
    print(f"{arguments.email} owns {arguments.workspace}.")
    print(f"Sign in {_where(settings)}")
    return 0


def _where(settings: Settings) -> str:
    address = f"{settings.public_url}/sign-in"
    if {"PORT", "PUBLIC_URL"} & os.environ.keys():
        return f"at {address}"
    # `serve` may be told another port than is known here.
    return f"where serve runs: {address} unless it is told another port."


def read_password() -> tuple[str, str]:
    """Return the password as typed twice, or as given in the environment."""
    given = os.environ.get(PASSWORD_VARIABLE)
    if given:
        return given, given
    if not sys.stdin.isatty():
        raise NoPassword(f"Set {PASSWORD_VARIABLE} or run this in a terminal.")
    prompt = f"Password, {PASSWORD_LENGTH_MIN} characters or more: "
    return getpass.getpass(prompt), getpass.getpass("Again: ")
