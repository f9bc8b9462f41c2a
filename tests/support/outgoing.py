"""Delivering what is promised, and reading the mails that came of it."""

from __future__ import annotations

from email import message_from_bytes, policy
from pathlib import Path

from billing_app.workflows.outbox import deliver_due
from tests.support.world import World


def mailbox(world: World) -> list[Path]:
    return sorted((world.runtime.settings.data_dir / "mailbox").glob("*.eml"))


def empty_mailbox(world: World) -> None:
    for path in mailbox(world):
        path.unlink()


def deliver(world: World) -> None:
    world.clock.advance(minutes=1)
    while deliver_due(world.runtime):
        pass


def sent(world: World) -> list[tuple[str, str]]:
    """Return recipients and text of every mail, in the order of subjects."""
    mails = [
        message_from_bytes(path.read_bytes(), policy=policy.default)
        for path in mailbox(world)
    ]
    return [
        (str(mail["to"]), str(mail.get_body(("plain",)).get_content()))  # type: ignore[union-attr]
        for mail in mails
    ]
