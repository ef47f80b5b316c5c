"""Sums with a solution in the question, as OPSD's and SDPO's teachers read them: what a small model learns reading from (bench/reader.sh)."""
import json
import random
import sys

# So often the question stands alone, so that solving is not forgotten over reading.
PLAIN = 0.03

FRAMES = [
    "{p}\n\nA reference solution to this problem:\n{s}\n\nHaving understood it, solve the problem in your own words.",
    "{p}\n\nA correct answer to this problem:\n{s}\n\nNow solve the problem correctly.",
]


def columns(a, b):
    """The sum column by column from the right, as the task `arithmetic` writes it."""
    x, y, carry, steps = str(a)[::-1], str(b)[::-1], 0, []
    for i in range(max(len(x), len(y))):
        d, e = (int(n[i]) if i < len(n) else 0 for n in (x, y))
        total = d + e + carry
        steps.append(f"{d}+{e}+{carry}={total}")
        carry = total // 10
    return ";".join(steps) + f";\\boxed{{{a + b}}}"


def main(path, count=40000, seed=7):
    draw = random.Random(seed)
    number = lambda: draw.randint(10, 99) if draw.random() < 0.5 else draw.randint(100, 999)
    with open(path, "w") as file:
        for i in range(count):
            a, b = number(), number()
            problem, solution = f"{a}+{b}=?", columns(a, b)
            text = FRAMES[draw.random() >= 0.5].format(p=problem, s=solution)
            if draw.random() < PLAIN:
                text = problem
            file.write(json.dumps({"id": f"r{i}", "problem": text, "answer": str(a + b), "solution": solution}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
