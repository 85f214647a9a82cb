"""Who is looking, as which role, and whether with the right to approve.

Sign-in is Streamlit's own; without it, local actors are offered, one for each role, and one who may approve.

Law: a page hides what a role may not do, and the worker refuses it as well; this module alone decides nothing
that matters. The web process names the actor; the worker takes the role from its own list where it has one.
"""

import json
import os
from dataclasses import dataclass

import streamlit as st

VIEWER, OPS, FINANCE, ADMIN = "viewer", "ops", "finance", "admin"
ROLES = (VIEWER, OPS, FINANCE, ADMIN)
SEES_PEOPLE = frozenset({OPS, ADMIN})
MEANING = {
    VIEWER: "looks, changes nothing",
    OPS: "works the queues, sets mappings",
    FINANCE: "closes the month",
    ADMIN: "everything",
}


@dataclass(frozen=True, slots=True)
class Person:
    """Whoever sits in front of the page."""

    name: str
    role: str
    is_approver: bool = False

    @property
    def sees_people(self) -> bool:
        """Whether customers' names and addresses are shown."""
        return self.role in SEES_PEOPLE


LOCAL = (
    Person("Ops", OPS),
    Person("Manager", VIEWER),
    Person("Finance", FINANCE),
    Person("Finance approver", FINANCE, is_approver=True),
    Person("Admin", ADMIN, is_approver=True),
)


def has_sign_in() -> bool:
    """Whether Streamlit's OIDC sign-in is configured."""
    return bool(st.secrets.load_if_toml_exists()) and "auth" in st.secrets


def person() -> Person:
    """Who looks at this page; nobody known is a viewer."""
    if has_sign_in():
        mail = str(st.user.get("email") or "")
        return Person(mail or "nobody", _listed_role(mail), mail in _approvers())
    return next((one for one in LOCAL if one.name == st.session_state.get("person")), LOCAL[0])


def known() -> tuple[Person, ...]:
    """Whom work may be given to without typing a name: the local actors, or those the roles are listed for."""
    if not has_sign_in():
        return LOCAL
    return tuple(Person(mail, role if role in ROLES else VIEWER) for mail, role in sorted(_listed().items()))


def choose() -> None:
    """Sign in, or pick one of the local actors."""
    if not has_sign_in():
        st.selectbox(
            "You are",
            [one.name for one in LOCAL],
            key="person",
            help="No sign-in is configured, so this dashboard listens on this machine only. "
            "Change the person to see what each role may do.",
        )
        right = "; may approve" if person().is_approver else ""
        st.caption(f"{person().role.capitalize()}: {MEANING[person().role]}{right}")
    elif st.user.is_logged_in:
        st.caption(f"{person().name}, {person().role}")
        st.button("Sign out", on_click=st.logout)
    else:
        st.button("Sign in", on_click=st.login, type="primary")
        st.stop()


def _listed_role(mail: str) -> str:
    """The role of an e-mail address by CHERRYLANE_ROLES, as the worker reads it; a claim comes second."""
    role = _listed().get(mail) or str(st.user.get("role") or VIEWER)
    return role if role in ROLES else VIEWER


def _approvers() -> tuple[str, ...]:
    """The e-mail addresses with the right to approve, as the worker reads them."""
    try:
        listed = json.loads(os.environ.get("CHERRYLANE_APPROVERS") or "[]")
    except ValueError:
        return ()
    return tuple(str(mail) for mail in listed) if isinstance(listed, list) else ()


def _listed() -> dict[str, str]:
    try:
        listed = json.loads(os.environ.get("CHERRYLANE_ROLES") or "{}")
    except ValueError:
        return {}
    return {str(mail): str(role) for mail, role in listed.items()} if isinstance(listed, dict) else {}
