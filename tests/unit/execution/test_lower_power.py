from __future__ import annotations

import decimal
import hashlib
import os
import platform
import subprocess
import sys

import numpy as np
import pytest

from windrow.execution.lower_power import power

SPECIAL = [0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 2.0, -2.0, 0.5, -0.5, 3.0, -3.0, 1e300]
SPECIAL += [-1e300, 5e-324, 2.0**31, 2.0**53, 2.0**53 + 2, 1e19, 2e19, -0.1]

PROCESSORS = ("nehalem", "haswell") if platform.machine() == "x86_64" else ("generic",)
PROGRAM = """
import hashlib, numpy as np
from windrow.execution.lower_power import power
random = np.random.default_rng(3)
x, y = np.exp(random.normal(size=20000) * 50), random.normal(size=20000) * 5
print(hashlib.sha256(power(x, y).tobytes()).hexdigest())
"""


def digest_with(cpu: str) -> str:
    environment = {**os.environ, "NUMBA_CPU_NAME": cpu}
    return subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True
    ).stdout.strip()


def test_special_values_are_those_of_c() -> None:
    x, y = (grid.ravel() for grid in np.meshgrid(SPECIAL, SPECIAL))
    found = power(x, y)
    with np.errstate(all="ignore"):
        expected = np.power(x, y)
    both_nan = np.isnan(found) & np.isnan(expected)
    assert np.array_equal(np.signbit(found[~both_nan]), np.signbit(expected[~both_nan]))
    np.testing.assert_allclose(found, expected, rtol=2.3e-16, atol=0)


@pytest.mark.parametrize("spread", [1.0, 1e-7, 100.0])
def test_powers_are_within_three_quarters_of_an_ulp(spread: float) -> None:
    random = np.random.default_rng(1)
    x = np.exp(random.normal(size=400) * spread)
    y = random.normal(size=400) * 20 / spread
    exact = decimal.Context(prec=50, Emax=10**9, Emin=-(10**9))
    for base, exponent, found in zip(x.tolist(), y.tolist(), power(x, y).tolist(), strict=True):
        true = exact.power(decimal.Decimal(base), decimal.Decimal(exponent))
        if 1e-300 < true < decimal.Decimal("1e308"):
            off = abs(decimal.Decimal(found) - true) / decimal.Decimal(float(np.spacing(found)))
            assert off < decimal.Decimal("0.75")


def test_whole_powers_of_whole_numbers_are_exact() -> None:
    x, y = np.meshgrid(np.arange(-12.0, 13.0), np.arange(0.0, 15.0))
    expected = [float(int(a) ** int(b)) for a, b in zip(x.ravel(), y.ravel(), strict=True)]
    assert power(x.ravel(), y.ravel()).tolist() == expected


def test_bits_do_not_depend_on_the_processor() -> None:
    random = np.random.default_rng(3)
    x, y = np.exp(random.normal(size=20000) * 50), random.normal(size=20000) * 5
    here = hashlib.sha256(power(x, y).tobytes()).hexdigest()
    assert {digest_with(cpu) for cpu in PROCESSORS} == {here}
