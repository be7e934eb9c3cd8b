"""What a column of a table of people holds, by its name or as stated."""

import re
from collections.abc import Iterable, Mapping
from typing import Literal, cast, get_args

from decisioning.errors import InvalidInputError

Kind = Literal[
    "given", "surname", "name", "birth_date", "email", "phone", "postal_code", "city", "street", "region", "gender",
    "occupation", "national_id", "text", "none",
]  # fmt: skip
"""`name` is a whole name; `none` leaves the column out."""

KINDS: tuple[str, ...] = get_args(Kind)

_NAMES: Mapping[Kind, tuple[str, ...]] = {
    "given": ("given", "givenname", "firstname", "forename", "fname", "christianname"),
    "surname": ("surname", "lastname", "familyname", "lname", "secondname"),
    "name": ("name", "fullname", "firstandsurname", "personname", "customername", "displayname"),
    "birth_date": ("birthdate", "dob", "dateofbirth", "birthday", "born", "birth"),
    "email": ("email", "emailaddress", "mail"),
    "phone": ("phone", "phonenumber", "telephone", "tel", "mobile", "mobilephone", "cell", "homephone"),
    "postal_code": ("postalcode", "postcode", "postcodefake", "zip", "zipcode", "plz"),
    "city": ("city", "town", "suburb", "place", "birthplace", "municipality", "locality"),
    "street": ("street", "address", "streetaddress", "address1", "address2", "addressline1", "addressline2"),
    "region": ("region", "state", "province", "county", "country"),
    "gender": ("gender", "sex"),
    "occupation": ("occupation", "job", "jobtitle", "profession"),
    "national_id": ("nationalid", "ssn", "socsecid", "socialsecuritynumber", "nino", "taxid", "passport"),
    "text": ("streetnumber", "housenumber", "company", "employer"),
}
_BY_NAME: Mapping[str, Kind] = {name: kind for kind, names in _NAMES.items() for name in names}


class UnknownKindError(InvalidInputError):
    """A column is said to hold what matching does not know."""

    code = "unknown_kind"


class NothingToMatchError(InvalidInputError):
    """No column of the table says anything of a person that could be compared."""

    code = "nothing_to_match"


def kind_of_column(name: str) -> Kind:
    """What a column holds by its name; `none` where the name says nothing.

    >>> kind_of_column("First Name"), kind_of_column("soc_sec_id"), kind_of_column("cluster")
    ('given', 'national_id', 'none')
    """
    return _BY_NAME.get(re.sub(r"[^a-z0-9]", "", name.lower()), "none")


def stated_kind(text: str) -> Kind:
    """The kind of that name.

    Raises: `UnknownKindError`, naming what is allowed.
    """
    if text not in KINDS:
        raise UnknownKindError(f"no kind {text!r}; allowed: {', '.join(KINDS)}", field="field")
    return cast("Kind", text)


def kinds_of(columns: Iterable[str], stated: Mapping[str, str]) -> dict[str, Kind]:
    """The columns to compare by, in their order, each with its kind; what is stated beats the name.

    A whole name is left out where given name and surname stand beside it: it would say the same twice.

    Raises: `UnknownKindError`; `NothingToMatchError` where no column can be compared, or a stated one is not there.
    """
    names = list(columns)
    missing = sorted(set(stated) - set(names))
    if missing:
        raise NothingToMatchError(f"no column {missing[0]!r}; the table has: {', '.join(names)}", field="field")
    kinds = {name: stated_kind(stated[name]) if name in stated else kind_of_column(name) for name in names}
    held = set(kinds.values())
    left_out = {"none", "name"} if {"given", "surname"} <= held else {"none"}
    chosen = {name: kind for name, kind in kinds.items() if kind not in left_out or stated.get(name) == "name"}
    if not set(chosen.values()) - {"gender", "region"}:
        raise NothingToMatchError(
            f"no column is recognised among: {', '.join(names)}; say what they hold, e.g. --field {names[0]}=given",
            field="field",
        )
    return chosen
