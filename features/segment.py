"""The fields of an event of the Segment spec: name, properties, identifiers, each checked as it is read."""

from collections.abc import Callable, Mapping
from typing import Any

from features.cleansing.country import country_beside
from features.event_body import OBJECT
from features.identifier import MAX_LENGTH, Identifier, normal_email, normal_phone
from features.rejection import RejectedEventError, shown
from features.timestamp import moment_of

EVENT_TYPES = ("track", "page", "identify", "screen", "alias", "group")
CONSENT_UPDATED = "Consent Updated"
HOLD_SET, HOLD_RELEASED = "Hold Set", "Hold Released"
STANDING = (CONSENT_UPDATED, HOLD_SET, HOLD_RELEASED)
"""Events that say what may be done from now on, whoever says so: they stand, and are nothing that a customer does."""
SURVEY_ANSWERED = "Survey Answered"
GROUP_ID = "group_id"
"""The property of a group event that holds its `groupId`."""
_MAX_NPS = 10


def text_of(raw: Mapping[str, Any], key: str) -> str:
    """A short text field; "" where it is absent. A whole number counts as its digits."""
    value = raw.get(key)
    if isinstance(value, str) and len(value) <= MAX_LENGTH:
        return value
    return "" if value is None else _odd_text(value, key)


def _odd_text(value: object, key: str) -> str:
    if isinstance(value, str):
        allowed = f"at most {MAX_LENGTH} are allowed"
        raise RejectedEventError("too_long", key, f"{key} has {len(value)} characters; {allowed}")
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise RejectedEventError("wrong_type", key, f"{key} is a {type(value).__name__}; a string is expected")


def _mapping(raw: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = raw.get(key)
    if value is None:
        return {}
    if not isinstance(value, OBJECT):
        raise RejectedEventError("wrong_type", key, f"{key} is a {type(value).__name__}; an object is expected")
    return value


def _traits(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """An identify's traits; RudderStack's SDKs put them in `context.traits`."""
    traits = _mapping(raw, "traits")
    return {**_mapping(_mapping(raw, "context"), "traits"), **traits} if "context" in raw else traits


def properties_of(raw: Mapping[str, Any], event_type: str, name: str) -> Mapping[str, Any]:
    """The properties of an event; the traits of an identify or a group. Standard names are checked: consent, survey."""
    if event_type == "identify":
        return _traits(raw)
    if event_type == "group":
        return {**_mapping(raw, "traits"), GROUP_ID: _group_id(raw)}
    properties = _mapping(raw, "properties")
    if event_type == "track" and name in _CHECKS:
        _CHECKS[name](properties)
    return properties


def _group_id(raw: Mapping[str, Any]) -> str:
    group_id = text_of(raw, "groupId")
    if not group_id:
        raise RejectedEventError("missing_field", "groupId", "a group event names its group in `groupId`")
    return group_id


def name_of(raw: Mapping[str, Any], event_type: str) -> str:
    """The track event, page or screen; "" where the type has no name."""
    if event_type == "track":
        name = text_of(raw, "event")
        if not name:
            raise RejectedEventError("missing_field", "event", "a track event needs its name in `event`")
        return name
    return text_of(raw, "name") if event_type in ("page", "screen") else ""


def identifiers_of(
    raw: Mapping[str, Any], event_type: str, properties: Mapping[str, Any], *, trust_email: bool, country: str = ""
) -> tuple[Identifier, ...]:
    """The strong identifiers that an event names, strongest first.

    An e-mail address is one only where `traits.email_verified` is true or the workspace trusts it.
    Parameters: `country`, two letters, of national phone numbers whose traits name none.
    """
    user, anonymous = text_of(raw, "userId"), text_of(raw, "anonymousId")
    if event_type == "alias":
        return _aliased(user, text_of(raw, "previousId"))
    if not user and not anonymous:
        raise RejectedEventError("missing_field", "userId", "an event needs userId or anonymousId")
    named: tuple[Identifier, ...] = (("anonymous_id", anonymous),) if anonymous else ()
    if user:
        named = (("user_id", user), *named)
    return (
        named
        if event_type != "identify"
        else named + _strong_traits(properties, trust_email=trust_email, country=country)
    )


def _aliased(user: str, previous: str) -> tuple[Identifier, ...]:
    """An alias may replace an anonymous id or an earlier user id; the spec does not say which, so it names both."""
    if not user or not previous:
        missing = "previousId" if user else "userId"
        raise RejectedEventError(
            "missing_field", missing, f"an alias needs userId and previousId; {missing} is missing"
        )
    return ("user_id", user), ("user_id", previous), ("anonymous_id", previous)


def _strong_traits(traits: Mapping[str, Any], *, trust_email: bool, country: str) -> tuple[Identifier, ...]:
    loyalty = str(traits.get("loyalty_id") or "").strip()
    phone = normal_phone(str(traits["phone"] or ""), country_beside(traits, country)) if "phone" in traits else ""
    trusted = trust_email or traits.get("email_verified") is True
    email = normal_email(str(traits.get("email") or "")) if trusted else ""
    found = (("loyalty_id", loyalty[:MAX_LENGTH]), ("phone", phone), ("email", email))
    return tuple(identifier for identifier in found if identifier[1])


def _check_consent(properties: Mapping[str, Any]) -> None:
    if not isinstance(properties.get("purpose"), str) or not properties["purpose"]:
        raise RejectedEventError("invalid_property", "properties.purpose", "a consent names its purpose as a string")
    if not isinstance(properties.get("granted"), bool):
        raise RejectedEventError("invalid_property", "properties.granted", "granted is true or false")
    if not isinstance(properties.get("channel") or "", str):
        raise RejectedEventError("invalid_property", "properties.channel", "channel is a string, or absent")


def _check_survey(properties: Mapping[str, Any]) -> None:
    nps = properties.get("nps")
    if isinstance(nps, bool) or not isinstance(nps, int | float) or not 0 <= nps <= _MAX_NPS:
        raise RejectedEventError(
            "invalid_property", "properties.nps", f"nps is {shown(nps)}; 0 to {_MAX_NPS} is allowed"
        )


def _check_hold(properties: Mapping[str, Any]) -> None:
    if not isinstance(properties.get("hold"), str) or not properties["hold"]:
        raise RejectedEventError("invalid_property", "properties.hold", "a hold has a name, as a string")
    issues = properties.get("issues") or []
    if not isinstance(issues, list) or not all(isinstance(issue, str) for issue in issues):
        raise RejectedEventError("invalid_property", "properties.issues", "issues is a list of strings, or absent")
    moment_of(properties.get("until"), "properties.until")


_CHECKS: dict[str, Callable[[Mapping[str, Any]], None]] = {
    CONSENT_UPDATED: _check_consent,
    SURVEY_ANSWERED: _check_survey,
    HOLD_SET: _check_hold,
    HOLD_RELEASED: _check_hold,
}
STANDARD_NAMES = frozenset(_CHECKS)
"""The names of track events whose properties are checked."""
