"""The one default configuration: which kind of field is compared how."""

from collections.abc import Mapping

from features.matching.comparison import Comparison
from features.matching.comparison_code import FEW_VALUES, NUMBER, POSTAL_CODE
from features.matching.comparison_date import DATE
from features.matching.comparison_email import EMAIL
from features.matching.comparison_name import NAME
from features.matching.comparison_text import STREET, TEXT
from features.matching.kind import Kind

COMPARISONS: Mapping[Kind, Comparison] = {
    "given": NAME,
    "surname": NAME,
    "birth_date": DATE,
    "email": EMAIL,
    "phone": NUMBER,
    "postal_code": POSTAL_CODE,
    "city": TEXT,
    "street": STREET,
    "region": FEW_VALUES,
    "gender": FEW_VALUES,
    "occupation": TEXT,
    "national_id": NUMBER,
    "text": TEXT,
}

MERGE_ABOVE = 0.8
"""Two clusters become one where it is more probable than this that they are of one person."""

REVIEW_ABOVE = 0.2
"""Above this probability, and below the other, a person should look."""
