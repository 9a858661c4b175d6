"""Ways of writing one person's name."""

import pytest

from digest.text.names import parts, same


def _same(asked: str, found: str) -> bool:
    return same(parts(asked), parts(found))


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("Yann LeCun", "Yann LeCun"),
        ("Y. LeCun", "Yann LeCun"),
        ("LeCun", "Yann LeCun"),
        ("LeCun, Y.", "Yann LeCun"),
        ("LeCun, Yann", "Yann LeCun"),
        ("lecun", "LeCun, Yann A."),
        ("Yann LeCun", "Y. LeCun"),
        ("Yann LeCun", "Yann A. LeCun"),
        ("Yann Le Cun", "Yann LeCun"),
        ("LeCun", "Yann Le Cun"),
        ("Bernhard Scholkopf", "Bernhard Sch\u00f6lkopf"),
        ("B. Sch\u00f6lkopf", "Bernhard Scho\u0308lkopf"),
        ("van der Maaten", "Laurens van der Maaten"),
        ("L. van der Maaten", "Laurens van der Maaten"),
        ("Maaten", "Laurens van der Maaten"),
        ("De Sa", "Christopher De Sa"),
        ("Jean-Baptiste Alayrac", "Jean Baptiste Alayrac"),
        ("J.-B. Alayrac", "Jean-Baptiste Alayrac"),
        ("J.B. Alayrac", "Jean-Baptiste Alayrac"),
        ("O'Neill", "Sarah O\u2019Neill"),
        ("Martin Luther King", "Martin Luther King, Jr."),
        ("S\u00f8ren Hauberg", "Soren Hauberg"),
        ("\u4f55\u607a\u660e", "\u4f55\u607a\u660e"),
    ],
)
def test_one_person(asked, found):
    assert _same(asked, found)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("Yann LeCun", "Yves LeCun"),
        ("Y. LeCun", "Anna LeCun"),
        ("Ho", "Jonathan Hodges"),
        ("Ho", "Ho Nguyen"),
        ("Jonathan Ho", "Jane Ho"),
        ("Yann LeCun", "Yann Cun"),
        ("J. A. Smith", "John B. Smith"),
        ("Wei Zhang", "Zhang Wei Liu"),
        ("LeCun, Y.", "LeCun Yann"),
    ],
)
def test_two_persons(asked, found):
    assert not _same(asked, found)
