"""Set an installation up: the first workspace and its owner, signed in at once."""

from __future__ import annotations

from dataclasses import dataclass, replace

from billing_app.database import authentication
from billing_app.database.passwords import hash_password
from billing_app.domain.actors import Nobody, SystemActor
from billing_app.domain.errors import Conflict, NotFound
from billing_app.domain.parsing import Reading
from billing_app.domain.sign_in import Owes, check_new_password
from billing_app.runtime import Runtime
from billing_app.services import sign_in as steps
from billing_app.services import workspaces
from billing_app.services.sign_in import Place
from billing_app.services.workspaces import Founded, NewWorkspace
from billing_app.workflows.sign_in import Browser, OpenedSession


@dataclass(frozen=True, slots=True)
class SetUpForm:
    """What the first owner typed; all text, nothing checked yet.

    Attributes:
        profile: the key of one of `domain.profiles`, or empty for none.
    """

    name: str = ""
    currency: str = ""
    zone: str = ""
    owner_name: str = ""
    email: str = ""
    profile: str = ""
    password: str = ""
    repeated: str = ""

    def shown_again(self) -> dict[str, str]:
        """Return what may go back to the page: all but the passwords."""
        return {
            "name": self.name,
            "currency": self.currency,
            "zone": self.zone,
            "owner_name": self.owner_name,
            "email": self.email,
            "profile": self.profile,
        }


def set_up(runtime: Runtime, form: SetUpForm, browser: Browser) -> OpenedSession:
    """Open the first workspace and sign its owner in.

    Raises:
        Conflict: somebody was first.
        InvalidInput: a field can't be used.
    """
    # Asked again in the transaction; here it spares hashing for strangers.
    if authentication.is_set_up(runtime.engine):
        raise Conflict("This installation is already set up. Please sign in.")
    new = _new_workspace(form)
    founded = runtime.run(Nobody(), workspaces.set_up, new)
    return _sign_in(runtime, founded, browser)


def create_owner(runtime: Runtime, form: SetUpForm) -> Founded:
    """Open a workspace from the command line, also beside others.

    Raises:
        Conflict: the owner signs in here already.
        InvalidInput: a field can't be used.
    """
    if signs_in(runtime, form.email):
        raise Conflict(
            f"{form.email.strip()} signs in here already. `tallyport set-password` "
            "gives them a new password; --another opens one more workspace for them."
        )
    return runtime.run(
        workspaces.FOUNDER, workspaces.create_workspace, _new_workspace(form)
    )


def create_another(runtime: Runtime, form: SetUpForm) -> Founded:
    """Open one more workspace for somebody whose password stays.

    Raises:
        NotFound: nobody signs in with that email.
        InvalidInput: a field can't be used.
    """
    if not signs_in(runtime, form.email):
        raise NotFound(f"Nobody signs in with {form.email.strip()} yet.")
    return runtime.run(
        workspaces.FOUNDER, workspaces.create_workspace, _unchecked(form)
    )


def signs_in(runtime: Runtime, email: str) -> bool:
    typed = email.strip().lower()
    return authentication.find_person(runtime.engine, typed) is not None


def _new_workspace(form: SetUpForm) -> NewWorkspace:
    new = _unchecked(form)
    reading = Reading()
    reading.of(workspaces.checked, new)
    email = form.email.strip().lower()
    reading.of(check_new_password, form.password, form.repeated, email)
    reading.check()
    return replace(new, password_hash=hash_password(form.password))


def _unchecked(form: SetUpForm) -> NewWorkspace:
    return NewWorkspace(
        name=form.name,
        currency=form.currency.strip().upper(),
        zone=form.zone,
        email=form.email,
        owner_name=form.owner_name,
        password_hash="",
        profile=form.profile.strip(),
    )


def _sign_in(runtime: Runtime, founded: Founded, browser: Browser) -> OpenedSession:
    actor = SystemActor(founded.workspace_id, "sign-in")
    place = Place(founded.person_id, founded.member_id, browser.agent)
    token = runtime.run(actor, steps.open_session, place, Owes.NOTHING)
    return OpenedSession(token, Owes.NOTHING)
