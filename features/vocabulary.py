"""Words that are the same for every business: countries (ISO 3166-1), languages (ISO 639-1), genders.

Their order is what the state of a category means: add new words at the end.
"""

from functools import cache

COUNTRIES = tuple(
    """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ
    CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO
    FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE
    JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO
    MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW
    PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM
    TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
    """.split()  # noqa: SIM905 - quoted one by one nobody could read them
)
LANGUAGES = tuple(
    """
    aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en
    eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja
    jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb
    nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq
    sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu
    """.split()  # noqa: SIM905 - quoted one by one nobody could read them
)
GENDERS = ("female", "male", "other")
_GENDER_WORDS = {"f": 0.0, "female": 0.0, "w": 0.0, "woman": 0.0, "m": 1.0, "male": 1.0, "man": 1.0}
_OTHER_GENDERS = frozenset(("o", "other", "d", "x", "diverse", "non-binary", "nonbinary"))
_NAN = float("nan")
_COUNTRY_CODES = {word: float(code) for code, word in enumerate(COUNTRIES)}
_LANGUAGE_CODES = {word: float(code) for code, word in enumerate(LANGUAGES)}


def country_code(given: object) -> float:
    """The place in `COUNTRIES` of a two-letter code or an English name; NaN of anything else.

    >>> COUNTRIES[int(country_code("at"))], COUNTRIES[int(country_code("Austria"))], country_code("Atlantis")
    ('AT', 'AT', nan)
    """
    word = given.strip() if isinstance(given, str) else ""
    return _COUNTRY_CODES.get(word.upper(), _NAN) if len(word) <= 2 else _named_countries().get(word.lower(), _NAN)


def language_code(given: object) -> float:
    """The place in `LANGUAGES` of a language or the one a locale begins with; NaN of anything else.

    >>> LANGUAGES[int(language_code("de-AT"))], LANGUAGES[int(language_code("EN_us"))]
    ('de', 'en')
    """
    word = given.replace("_", "-").split("-")[0].strip().lower() if isinstance(given, str) else ""
    return _LANGUAGE_CODES.get(word, _NAN)


def gender_code(given: object) -> float:
    """The place in `GENDERS`; NaN of what is no usual word.

    >>> GENDERS[int(gender_code("F"))], GENDERS[int(gender_code("non-binary"))], gender_code("")
    ('female', 'other', nan)
    """
    word = given.strip().lower() if isinstance(given, str) else ""
    return 2.0 if word in _OTHER_GENDERS else _GENDER_WORDS.get(word, _NAN)


@cache
def _named_countries() -> dict[str, float]:
    from babel import Locale

    names = Locale("en").territories
    return {names[code].lower(): place for code, place in _COUNTRY_CODES.items() if code in names}
