"""Tenon's verifier as a reward function for Python trainers.

One file, standard library only. It keeps one `tenon verify --input -` process running and asks it line by line.

    verify(gold, answer) -> True | False | None             None: the gold is empty, nothing can be said
    math_reward(completions, solution, **_)                  TRL's form: a list of 1.0 / 0.0 / None
    compute_score(data_source, solution_str, ground_truth)   verl's form: a float

The program is the command in the environment variable TENON (by default `tenon` on the PATH):

    TENON="dotnet /opt/tenon/tenon.dll" python train.py
"""

import atexit
import json
import os
import shlex
import subprocess
import threading

__all__ = ["Verifier", "verify", "math_reward", "compute_score"]

# Bytes that a pipe holds on every system.
_PIPE = 8192


class Verifier:
    """A running verifier. Thread-safe; restarts its process once where it has died, and after a fork."""

    def __init__(self, command=None, profile="tenon", tolerance=None, require=None):
        self._command = command
        self._arguments = ["verify", "--input", "-", "--explain", "--profile", profile]
        if tolerance is not None:
            self._arguments += ["--tolerance", repr(float(tolerance))]
        if require is not None:
            self._arguments += ["--require", require]
        self._lock = threading.Lock()
        self._process = None
        self._owner = None

    def ask_many(self, pairs):
        """Verdicts as dictionaries for (gold, answer) pairs, in order. A gold may be a list: any of them is right.

        A third item is the rendered prompt: where it leaves a think block open, the answer begins inside it."""
        lines = [self._line(*pair) for pair in pairs]
        with self._lock:
            try:
                return self._exchange(lines)
            except (BrokenPipeError, EOFError, OSError):
                self._stop()
                return self._exchange(lines)

    def ask(self, gold, answer):
        """One verdict as a dictionary: correct, reason, rules, extracted ..."""
        return self.ask_many([(gold, answer)])[0]

    def close(self):
        """Ends the process."""
        with self._lock:
            self._stop()

    @staticmethod
    def _line(gold, answer, prompt=None):
        line = {"answer": "" if answer is None else str(answer)}
        if isinstance(prompt, str):
            line["prompt"] = prompt
        if isinstance(gold, (list, tuple)):
            line["golds"] = [str(g) for g in gold]
        else:
            line["gold"] = "" if gold is None else str(gold)
        return json.dumps(line) + "\n"

    def _exchange(self, lines):
        process = self._running()
        answers = []
        while len(answers) < len(lines):
            # As many lines as any pipe takes at once: neither side then waits for the other, and the lines are judged side by side.
            end = len(answers) + 1
            size = len(lines[end - 1])
            while end < len(lines) and size + len(lines[end]) <= _PIPE:
                size += len(lines[end])
                end += 1
            process.stdin.write("".join(lines[len(answers):end]))
            process.stdin.flush()
            while len(answers) < end:
                answer = process.stdout.readline()
                if not answer:
                    raise EOFError("the verifier ended")
                answers.append(json.loads(answer))
        return answers

    def _running(self):
        if self._process is None or self._owner != os.getpid() or self._process.poll() is not None:
            command = self._command or os.environ.get("TENON", "tenon")
            parts = shlex.split(command) if isinstance(command, str) else list(command)
            self._process = subprocess.Popen(parts + self._arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="ascii")
            self._owner = os.getpid()
        return self._process

    def _stop(self):
        process, self._process = self._process, None
        if process is None or self._owner != os.getpid():
            return
        try:
            process.stdin.close()
        except OSError:
            pass
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


_shared = Verifier()
atexit.register(_shared.close)


def verify(gold, answer):
    """True, False, or None where the gold is empty."""
    return _shared.ask(gold, answer).get("correct")


def math_reward(completions, solution, prompts=None, **_):
    """TRL's reward function: 1.0 for a right completion, 0.0 for a wrong one, None where the gold is empty.

    Prompts that are texts (not conversations) say whether the completion begins inside a think block."""
    texts = [c if isinstance(c, str) else c[-1]["content"] for c in completions]
    verdicts = _shared.ask_many(list(zip(solution, texts, prompts if prompts is not None else [None] * len(texts))))
    return [None if v.get("correct") is None else float(v["correct"]) for v in verdicts]


def compute_score(data_source, solution_str, ground_truth, extra_info=None, **_):
    """verl's reward function: 1.0 or 0.0."""
    return 1.0 if verify(ground_truth, solution_str) else 0.0
