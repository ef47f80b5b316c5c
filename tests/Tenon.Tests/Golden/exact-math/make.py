# Values of elementary functions to 60 digits, as the nearest double and the rest. Made with mpmath 1.3.0: python3 make.py > values.csv
import random
from mpmath import mp, mpf
import mpmath as m

mp.dps = 400
random.seed(1)

def spread(lo, hi, n):
    return [random.uniform(lo, hi) for _ in range(n)]

def scales(lo, hi, n, signed=True):
    return [random.choice([-1, 1] if signed else [1]) * random.uniform(1, 2) * 2.0 ** random.randint(lo, hi) for _ in range(n)]

cases = {
    "exp": (m.exp, spread(-700, 700, 150) + scales(-60, 5, 100) + [709.78, -708.3, 1.0, -1.0]),
    "expm1": (m.expm1, spread(-38, 60, 100) + scales(-60, 2, 150)),
    "log": (m.log, scales(-1000, 1000, 100, False) + spread(0.5, 2, 100) + [1 + x for x in scales(-40, -3, 60)] + [5e-324, 2.0, 10.0]),
    "log1p": (m.log1p, scales(-60, 40, 120, False) + spread(-0.999, 1, 120) + scales(-50, -2, 60)),
    "log2": (lambda x: m.log(x) / m.log(2), scales(-300, 300, 60, False) + [8.0, 0.25]),
    "sin": (m.sin, spread(-10, 10, 150) + scales(-30, 18, 120) + scales(20, 1000, 60) + [3.141592653589793, 1e22, 6381956970095103.0 * 2.0 ** 797]),
    "cos": (m.cos, spread(-10, 10, 150) + scales(-30, 18, 120) + scales(20, 1000, 60) + [1.5707963267948966, 1e22, 6381956970095103.0 * 2.0 ** 797]),
    "tanh": (m.tanh, spread(-5, 5, 120) + scales(-40, 4, 100)),
    "sigmoid": (lambda x: 1 / (1 + m.exp(-x)), spread(-40, 40, 120) + scales(-30, 4, 60)),
}
pows = [(random.uniform(0.5, 2), random.uniform(-100, 100)) for _ in range(100)] + [(0.9, float(k)) for k in range(1, 60, 3)] \
    + [(0.999, float(k)) for k in range(1, 3000, 97)] + [(random.uniform(1, 1e6), random.uniform(-40, 40)) for _ in range(60)] \
    + [(1 + random.uniform(-1e-6, 1e-6), random.uniform(-1e8, 1e8)) for _ in range(40)] + [(10000.0, -i / 32) for i in range(32)] \
    + [(1.4142, 1999.0), (0.7072, 1999.0), (1.41421356, -2000.0)]

def line(name, x, y, value):
    high = float(value)
    print(f"{name},{x!r},{y!r},{high!r},{float(value - mpf(high))!r}")

for name, (f, xs) in cases.items():
    for x in xs:
        line(name, x, 0.0, f(mpf(x)))
for x, y in pows:
    line("pow", x, y, mpf(x) ** mpf(y))

more = {
    "atan": (m.atan, spread(-3, 3, 150) + scales(-60, 70, 120) + [0.4375, 0.6875, 1.1875, 2.4375, 1.0]),
    "asin": (m.asin, spread(-1, 1, 200) + scales(-60, -2, 80) + [1 - x for x in scales(-50, -3, 60, False)] + [0.5, 0.975, 1.0, -1.0]),
    "acos": (m.acos, spread(-1, 1, 200) + scales(-60, -2, 40) + [1 - x for x in scales(-50, -3, 60, False)] + [0.5, 0.975, -1.0]),
    "sinh": (m.sinh, spread(-5, 5, 120) + scales(-50, 8, 100) + [709.5, 710.2, -710.4]),
    "cosh": (m.cosh, spread(-5, 5, 120) + scales(-50, 8, 100) + [709.5, 710.2, -710.4]),
    "asinh": (m.asinh, spread(-5, 5, 80) + scales(-40, 60, 60)),
    "acosh": (m.acosh, spread(1, 5, 80) + scales(1, 60, 40, False) + [1 + x for x in scales(-50, -3, 30, False)]),
    "atanh": (m.atanh, spread(-1, 1, 100) + scales(-40, -2, 40)),
    "log10": (m.log10, scales(-1000, 1000, 150, False) + spread(0.5, 2, 100) + [float(f"1e{n}") for n in range(-22, 23)]),
}
for name, (f, xs) in more.items():
    for x in xs:
        line(name, x, 0.0, f(mpf(x)))
for y, x in [(random.choice([-1, 1]) * random.uniform(0, 3), random.choice([-1, 1]) * random.uniform(0, 3)) for _ in range(150)] \
        + [(a, b) for a, b in zip(scales(-300, 300, 60), scales(-300, 300, 60))]:
    line("atan2", y, x, m.atan2(mpf(y), mpf(x)))
