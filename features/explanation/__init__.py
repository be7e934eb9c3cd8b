"""Why a past decision came out as it did, and how it would have, had something been otherwise."""
