"""Whose a response is: phones in any spelling, lists, and nothing where nobody can tell."""

import pytest

from chatwootai.model.message.delivery import Contact
from crews.tools.ownership import of_contact

ANA = Contact(id=7, phone="+5531999990000", email="Ana@x.example", verified=True)


@pytest.mark.parametrize(
    ("phone", "hers"),
    [
        ("+55 31 99999-0000", True), ("(31) 99999-0000", True), ("031 99999 0000", True), ("553199990000", True),
        ("005531999990000", False), ("99999-0000", False), ("+5531999990001", False), ("+1 31 99999-0000", False),
        ("", False), (None, False), (True, False), ({"x": 1}, False),
    ],
)  # fmt: skip
def test_a_phone_is_the_contacts_however_it_is_written(phone: object, hers: bool) -> None:
    order = {"billing": {"phone": phone}}
    assert of_contact(order, {"billing.phone": "contact.phone"}, ANA) == (order if hers else None)


def test_of_a_list_only_the_contacts_own_is_left() -> None:
    mine, other = {"email": " ana@X.example"}, {"email": "bia@x.example"}
    assert of_contact([mine, other, None, 3], {"*.email": "contact.email"}, ANA) == [mine]
    said = {"data": {"orders": {"nodes": [other, mine]}, "more": 1}}
    assert of_contact(said, {"data.orders.nodes.*.email": "contact.email"}, ANA) == {
        "data": {"orders": {"nodes": [mine]}, "more": 1}
    }
    assert of_contact({"errors": []}, {"data.orders.nodes.*.email": "contact.email"}, ANA) is None


def test_one_of_several_is_enough_and_what_nobody_knows_is_nobodys() -> None:
    own = {"phone": "contact.phone", "email": "contact.email"}
    assert of_contact({"phone": "x", "email": "ana@x.example"}, own, ANA) is not None
    assert of_contact({"phone": "", "email": ""}, own, Contact(id=1, phone="", email="")) is None
