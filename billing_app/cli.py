"""The commands of `tallyport`: parse, call, show."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from keyword import iskeyword

from billing_app.domain.errors import BillingError

# Each is a module of billing_app/commands, with _ for - and _ at the end where
# Python owns the word. Only the one asked for is imported.
COMMANDS = {
    "serve": "build if something changed, migrate, start the web server",
    "demo": "serve a throw-away database with sandbox payments and mail",
    "worker": "deliver mail and documents beside web processes",
    "migrate": "bring the database to this version",
    "seed": "fill a workspace with believable customers and invoices",
    "import": "bring in a file of another program, or an export, all or nothing",
    "export": "write all of a workspace into one zip file, to keep or to leave",
    "create-owner": "add a workspace and its first member",
    "set-password": "give somebody who is locked out a new password",
    "build": "build the frontend when its sources changed",
    "backup": "write the database, the files and the key into one archive",
    "doctor": "check settings and surroundings, say what is wrong",
    "verify": "ask the database whether all its rules hold",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the process's exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    parser = make_parser()
    if not given or given[0] not in COMMANDS:
        parser.parse_args(given or ["--help"])
        return 2

    name, *rest = given
    command = import_module(f"billing_app.commands.{module_name(name)}")
    sub = argparse.ArgumentParser(f"tallyport {name}", description=COMMANDS[name])
    command.add_arguments(sub)
    try:
        return command.run(sub.parse_args(rest))
    except BillingError as refusal:
        for each in refusal.together:
            print(each.message, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def module_name(command: str) -> str:
    name = command.replace("-", "_")
    return f"{name}_" if iskeyword(name) else name


def make_parser() -> argparse.ArgumentParser:
    width = max(map(len, COMMANDS))
    lines = (f"  {name:{width}}  {text}" for name, text in COMMANDS.items())
    parser = argparse.ArgumentParser(
        "tallyport",
        description="Self-hosted invoicing with a customer portal.",
        epilog="commands:\n" + "\n".join(lines),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", choices=list(COMMANDS), metavar="command")
    return parser


if __name__ == "__main__":
    sys.exit(main())
