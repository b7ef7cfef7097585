# SPDX-License-Identifier: Apache-2.0
"""GetRandomPassword: classes, exclusions, and fairness a test can see."""
import string
from collections import Counter

import pytest

from catalogue import PW1, PW2, PW3, cannot_convert, clause, invalid, value_at_least, value_at_most

LOWER, UPPER, DIGITS = (set(s) for s in
                        (string.ascii_lowercase, string.ascii_uppercase, string.digits))
PUNCTUATION = set("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
CLASSES = {"Lowercase": LOWER, "Uppercase": UPPER, "Numbers": DIGITS, "Punctuation": PUNCTUATION}
NO_CLASS = {"Exclude" + c: True for c in CLASSES}


def password(api, **members):
    body = api.ok("GetRandomPassword", **members)
    assert list(body) == ["RandomPassword"]
    return body["RandomPassword"]


def test_the_default_is_32_characters_with_every_class_and_no_space(api):
    for _ in range(20):
        got = password(api)
        assert len(got) == 32 and " " not in got
        assert all(set(got) & c for c in CLASSES.values())
        assert set(got) <= LOWER | UPPER | DIGITS | PUNCTUATION


def test_the_four_classes_are_exactly_these_characters(api):
    assert len(PUNCTUATION) == 32
    assert set(password(api, PasswordLength=4096)) == LOWER | UPPER | DIGITS | PUNCTUATION


@pytest.mark.parametrize("length", [4, 5, 64, 4096])
def test_the_length_is_kept(api, length):
    assert len(password(api, PasswordLength=length)) == length


def test_length_four_has_one_of_each_class(api):
    for _ in range(20):
        got = password(api, PasswordLength=4)
        assert all(len(set(got) & c) == 1 for c in CLASSES.values())


def test_length_three_cannot_have_one_of_each_class(api):
    api.refused("GetRandomPassword", PW1, PasswordLength=3)
    assert len(password(api, PasswordLength=3, RequireEachIncludedType=False)) == 3
    assert len(password(api, PasswordLength=3, ExcludeNumbers=True)) == 3


@pytest.mark.parametrize("excluded", CLASSES)
def test_an_excluded_class_does_not_appear(api, excluded):
    got = set(password(api, PasswordLength=512, **{"Exclude" + excluded: True}))
    assert not got & CLASSES[excluded]
    assert all(got & c for name, c in CLASSES.items() if name != excluded)


def test_space_appears_only_on_request_and_is_never_required(api):
    assert " " in password(api, PasswordLength=4096, IncludeSpace=True)
    assert " " not in password(api, PasswordLength=4096, IncludeSpace=False)
    assert len(password(api, PasswordLength=4, IncludeSpace=True)) == 4
    assert password(api, PasswordLength=5, IncludeSpace=True, **NO_CLASS) == "     "


def test_excluded_characters_do_not_appear(api):
    got = set(password(api, PasswordLength=4096, ExcludeCharacters="aZ0\\]^-"))
    assert got == (LOWER | UPPER | DIGITS | PUNCTUATION) - set("aZ0\\]^-")


def test_exclusion_is_literal_and_repeats_and_strangers_are_harmless(api):
    got = set(password(api, PasswordLength=4096, ExcludeCharacters="a-eaa\u00e9\U0001f511"))
    assert not got & set("ae-") and {"b", "c", "d"} <= got


def test_a_required_class_without_characters_is_refused(api):
    api.refused("GetRandomPassword", PW2, ExcludeCharacters=string.digits)
    got = password(api, ExcludeCharacters=string.digits, RequireEachIncludedType=False)
    assert not set(got) & DIGITS
    assert password(api, ExcludeCharacters=string.digits, ExcludeNumbers=True)


def test_an_empty_class_is_found_before_a_short_length(api):
    api.refused("GetRandomPassword", PW2, ExcludeCharacters=string.digits, PasswordLength=1)


def test_nothing_left_is_refused(api):
    api.refused("GetRandomPassword", PW3, **NO_CLASS)
    api.refused("GetRandomPassword", PW3, RequireEachIncludedType=False,
                ExcludeCharacters=string.printable)
    api.refused("GetRandomPassword", PW3, IncludeSpace=True, ExcludeCharacters=" ", **NO_CLASS)


@pytest.mark.parametrize("length, breach", [
    (5000, value_at_most(4096)), (4097, value_at_most(4096)), (0, value_at_least(1)),
    (-1, value_at_least(1))])
def test_lengths_out_of_range(api, length, breach):
    api.refused("GetRandomPassword", invalid(clause("passwordLength", length, breach)),
                PasswordLength=length)


def test_a_length_is_a_number(api):
    api.refused("GetRandomPassword", cannot_convert("STRING_VALUE", "Long"), PasswordLength="32")


def test_length_one_of_one_class(api):
    got = password(api, PasswordLength=1, ExcludeNumbers=True, ExcludePunctuation=True,
                   ExcludeUppercase=True)
    assert got in string.ascii_lowercase


def test_characters_are_evenly_drawn(api):
    """4 x 4096 draws from ten digits: each within six sigma of its share."""
    draws = Counter()
    for _ in range(4):
        draws.update(password(api, PasswordLength=4096, ExcludeLowercase=True,
                              ExcludeUppercase=True, ExcludePunctuation=True))
    assert len(draws) == 10
    share = 4 * 4096 / 10
    assert all(abs(n - share) < 6 * (share * 0.9) ** 0.5 for n in draws.values())


def test_required_characters_are_shuffled(api):
    """The one digit of a long password turns up in every quarter."""
    quarters = Counter()
    for _ in range(60):
        got = password(api, PasswordLength=16)
        quarters.update({i // 4 for i, c in enumerate(got) if c in DIGITS})
    assert len(quarters) == 4


def test_two_are_never_the_same(api):
    assert len({password(api) for _ in range(50)}) == 50
