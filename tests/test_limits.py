"""Numbers that are given as limits: amounts of bytes."""

import pytest

from ptrack_analysis.errors import ParameterError
from ptrack_analysis.limits import amount_of_bytes

AMOUNTS = [
    ("1GB", 10**9),
    ("512 MB", 512 * 10**6),
    (" 1.5g ", 15 * 10**8),
    ("2MiB", 2**21),
    ("1 tib", 2**40),
    ("3kib", 3072),
    ("7B", 7),
    ("1.5", 1),
    (2e6, 2 * 10**6),
    (5, 5),
]
NONE = [
    "much",
    "",
    " ",
    "-1GB",
    "5i",
    "5iB",
    "1 2MB",
    "1\N{KELVIN SIGN}B",
    1.5,
    0,
    -3,
    None,
    True,
    float("nan"),
]


@pytest.mark.parametrize(("amount", "size"), AMOUNTS)
def test_an_amount_of_bytes_is_read_as_people_write_it(amount, size):
    assert amount_of_bytes(amount, "memory", least=1) == size


@pytest.mark.parametrize("amount", [*NONE, float("inf"), 10**400, "9" * 400 + "TB"])
def test_what_is_no_amount_is_refused_with_what_was_expected(amount):
    with pytest.raises(ParameterError, match=r"^memory must be 1B to 4GB, such as 512MB or 1GB, got .*$"):
        amount_of_bytes(amount, "memory", least=1, most=4 * 10**9)


def test_the_range_belongs_to_it():
    assert amount_of_bytes("4GB", "size", least=10**6, most=4 * 10**9) == 4 * 10**9
    assert amount_of_bytes("1MB", "size", least=10**6) == 10**6
    with pytest.raises(ParameterError, match="must be at least 1MB, such as"):
        amount_of_bytes("999kB", "size", least=10**6)
