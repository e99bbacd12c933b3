"""How personal fields are shown to those who have no reason to see them whole."""


def masked_name(name: str, *, person: bool) -> str:
    """A person's name with all but the first and, from three characters on, the last character hidden.

    Names of organisations are public.

    >>> masked_name("王小明", person=True), masked_name("张三", person=True), masked_name("某厂", person=False)
    ('王*明', '张*', '某厂')
    """
    if not person or len(name) < 2:
        return name
    return name[0] + "*" * (len(name) - 2) + name[-1] if len(name) > 2 else name[0] + "*"


def masked_phone(phone: str) -> str:
    """A phone number with its middle hidden.

    >>> masked_phone("13800001234"), masked_phone("1234")
    ('138****1234', '****')
    """
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) >= 8 else "*" * len(phone)


def masked_credential(credential: str) -> str:
    """The number of an identity document with only its last four characters.

    >>> masked_credential("110101199001011234")
    '**************1234'
    """
    return "*" * max(len(credential) - 4, 0) + credential[-4:] if len(credential) > 4 else "*" * len(credential)


def masked_address(address: str) -> str:
    """An address without numbers: the street, not the door.

    >>> masked_address("幸福路 18 号 3 单元 502 室")
    '幸福路 ** 号 * 单元 *** 室'
    """
    return "".join("*" if character.isdigit() else character for character in address)
