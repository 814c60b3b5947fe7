"""Bar codes and QR codes of products, as modules: text of ones, which are dark, and zeros.

Source: GS1 General Specifications, section 5.2 (EAN-13, UPC-A, EAN-8).
"""

from typing import Final

LEFT: Final = (
    "0001101", "0011001", "0010011", "0111101", "0100011", "0110001",
    "0101111", "0111011", "0110111", "0001011",
)  # fmt: skip
"""Number set A by digit; C is its complement, and B is C backwards."""
PARITIES: Final = (
    "AAAAAA", "AABABB", "AABBAB", "AABBBA", "ABAABB", "ABBAAB",
    "ABBBAA", "ABABAB", "ABABBA", "ABBABA",
)  # fmt: skip
"""Number sets of the left half, by the first digit of an EAN-13."""
GUARD, CENTRE = "101", "01010"
COMPLEMENT: Final = str.maketrans("01", "10")


def bars_of(gtin: str) -> str:
    """Return the modules of an EAN-13, or EAN-8, in a line; empty for a GTIN that needs another symbol.

    Args:
        gtin: 14 digits.
    """
    if gtin[0] != "0":
        return ""
    is_short = gtin.startswith("000000")
    digits = gtin[6:] if is_short else gtin[2:]
    half = len(digits) // 2
    parities = "AAAA" if is_short else PARITIES[int(gtin[1])]
    left = (_left(digit, number_set) for digit, number_set in zip(digits[:half], parities, strict=True))
    right = (LEFT[int(digit)].translate(COMPLEMENT) for digit in digits[half:])
    return f"{GUARD}{''.join(left)}{CENTRE}{''.join(right)}{GUARD}"


def _left(digit: str, number_set: str) -> str:
    modules = LEFT[int(digit)]
    return modules if number_set == "A" else modules.translate(COMPLEMENT)[::-1]


def matrix_of(text: str) -> list[str]:
    """Return the rows of modules of a QR code, without its quiet zone."""
    import segno  # noqa: PLC0415 -- only a sheet needs it

    return ["".join(map(str, row)) for row in segno.make(text, micro=False, error="m").matrix]
