"""Run with: TENON="dotnet .../tenon.dll" python3 -m unittest test_tenon_verify"""

import threading
import unittest

import tenon_verify as tv


class TenonVerify(unittest.TestCase):
    def test_a_pair(self):
        self.assertIs(tv.verify("\\frac{1}{2}", "so \\boxed{0.5}"), True)
        self.assertIs(tv.verify("5", "\\boxed{6}"), False)
        self.assertIsNone(tv.verify("", "\\boxed{6}"))
        self.assertIs(tv.verify(["1", "2"], "\\boxed{2}"), True)

    def test_trl_form(self):
        plain = tv.math_reward(completions=["\\boxed{5}", "\\boxed{6}", "\\boxed{7}"], solution=["5", "5", ""], prompts=["a"] * 3)
        self.assertEqual(plain, [1.0, 0.0, None])
        chat = tv.math_reward(completions=[[{"role": "assistant", "content": "\\boxed{5}"}]], solution=["5"])
        self.assertEqual(chat, [1.0])

    def test_a_prompt_that_opens_the_think_block(self):
        cut, closed = "The answer is 5. In", "5.</think>The answer is 5."
        self.assertEqual(tv.math_reward(completions=[cut, closed, cut], solution=["5"] * 3, prompts=["2+3<think>\n"] * 2 + ["2+3"]), [0.0, 1.0, 1.0])

    def test_verl_form(self):
        self.assertEqual(tv.compute_score("math", "The answer is $\\boxed{\\sqrt{8}}$.", "2\\sqrt{2}"), 1.0)
        self.assertEqual(tv.compute_score("math", "no idea", "2\\sqrt{2}"), 0.0)

    def test_any_text_comes_through(self):
        for text in ["", "\n\r\n", "\u2212\u2028\u0000", "\ud83d\ude00 \\boxed{5}", "\ud83d", "{" * 5000, "\\boxed{" + "9" * 100000 + "}"]:
            self.assertIn(tv.verify("5", text), (True, False))

    def test_threads_share_one_process(self):
        wrong = []

        def work(i):
            for k in range(20):
                if tv.verify(str(i * k), f"\\boxed{{{i * k}}}") is not True:
                    wrong.append((i, k))

        threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(wrong, [])

    def test_batches_of_threads_keep_their_order(self):
        wrong = []

        def work(i):
            golds = [str(1000 * i + k) for k in range(400)]
            texts = [("so it goes " * (k % 90)) + f"\\boxed{{{1000 * i + k + k % 2}}}" for k in range(400)]
            if tv.math_reward(completions=texts, solution=golds, prompts=None, trainer_state=None) != [1.0 - k % 2 for k in range(400)]:
                wrong.append(i)

        threads = [threading.Thread(target=work, args=(i,)) for i in range(6)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(wrong, [])

    def test_the_process_is_started_again_when_it_died(self):
        self.assertIs(tv.verify("5", "\\boxed{5}"), True)
        tv._shared._process.kill()
        tv._shared._process.wait()
        self.assertIs(tv.verify("5", "\\boxed{5}"), True)


if __name__ == "__main__":
    unittest.main()
