"""Exact money: decimal text or minor units in, `Money` out; promises integer minor units and never a float.

Currencies and their number of decimals follow ISO 4217 (list one, 2024).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

_NO_DECIMALS = frozenset("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split())
_THREE_DECIMALS = frozenset("BHD IQD JOD KWD LYD OMR TND".split())
_TWO_DECIMALS = frozenset(
    """AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP
    CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR
    JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO
    NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB
    TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG""".split()
)

LARGEST_MINOR_UNITS = 10**15
"""Amounts beyond this are refused: no sale of a shop reaches it, and sums of a day still fit 64 bits."""


class MoneyError(ValueError):
    """An amount or currency that is no money; the text says why."""


def exponent(currency: str) -> int:
    """Return how many decimals the ISO 4217 currency has; raise MoneyError for an unknown code."""
    if currency in _TWO_DECIMALS:
        return 2
    if currency in _NO_DECIMALS:
        return 0
    if currency in _THREE_DECIMALS:
        return 3
    message = f"{currency!r} is not an ISO 4217 currency code"
    raise MoneyError(message)


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount: `minor_units` of `currency` (cents, yen, 1/1000 dinar). Raises MoneyError for anything else."""

    minor_units: int
    currency: str

    def __post_init__(self) -> None:
        exponent(self.currency)
        if isinstance(self.minor_units, bool) or not isinstance(self.minor_units, int):
            message = f"minor units must be an integer, not {type(self.minor_units).__name__}"
            raise MoneyError(message)
        if abs(self.minor_units) > LARGEST_MINOR_UNITS:
            message = f"{self.minor_units} minor units are beyond {LARGEST_MINOR_UNITS}"
            raise MoneyError(message)

    @classmethod
    def parse(cls, amount: str | Decimal, currency: str) -> Money:
        """Read a decimal amount such as `"196.89000"`; raise MoneyError when it has more decimals than the currency."""
        try:
            value = Decimal(amount)
        except ArithmeticError as error:
            message = f"{amount!r} is not a decimal amount"
            raise MoneyError(message) from error
        if not value.is_finite() or abs(value) > LARGEST_MINOR_UNITS:
            message = f"{amount} is not a finite amount of money"
            raise MoneyError(message)
        minor = value.scaleb(exponent(currency))
        if minor != minor.to_integral_value():
            message = f"{amount} has more decimals than {currency} allows ({exponent(currency)})"
            raise MoneyError(message)
        return cls(int(minor), currency)

    def decimal(self) -> Decimal:
        """Return the amount in major units, with exactly the currency's decimals."""
        return Decimal(self.minor_units).scaleb(-exponent(self.currency))

    def __add__(self, other: Money) -> Money:
        """Add an amount of the same currency; raise MoneyError for another one."""
        self._same_currency(other)
        return Money(self.minor_units + other.minor_units, self.currency)

    def __sub__(self, other: Money) -> Money:
        """Subtract an amount of the same currency; raise MoneyError for another one."""
        self._same_currency(other)
        return Money(self.minor_units - other.minor_units, self.currency)

    def __neg__(self) -> Money:
        """Return the amount with its sign turned."""
        return Money(-self.minor_units, self.currency)

    def __str__(self) -> str:
        """Show as `12.34 EUR`."""
        return f"{self.decimal()} {self.currency}"

    def _same_currency(self, other: Money) -> None:
        if other.currency != self.currency:
            message = f"{self.currency} and {other.currency} do not add up"
            raise MoneyError(message)
