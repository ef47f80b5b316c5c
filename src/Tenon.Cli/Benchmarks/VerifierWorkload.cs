namespace Tenon.Cli.Benchmarks;

/// <summary>
/// A fixed workload for timing the verifier: pairs as benchmarks have them, pairs of every kind of answer, hostile pairs, and worked
/// solutions. The same on every machine.
/// </summary>
internal static class VerifierWorkload
{
    private static readonly string[] Golds =
    [
        "42", "-7", @"\frac{14}{3}", @"3\sqrt{13}", @"\left( 3, \frac{\pi}{2} \right)", "p - q", @"\text{Evelyn}", @"90^\circ", "2220",
            @"6 - 5i", @"10,\!080", @"\begin{pmatrix} -2 \\ -14 \\ -7 \end{pmatrix}", "1.5", @"\{1,2,3\}", "x=5", @"[0,1)\cup(2,\infty)",
        @"-2 \le x \le 7", @"\frac{x+2}{7}", "5 \\times 10^{-3}", "52_8", @"\binom{9}{4}", @"x^2/4+y^2/3=1", "3:4:5", @"50\%", @"\log_2 8",
            @"\tan^2(y)+1", @"\frac{\sqrt{3}}{2}", @"1\pm\sqrt{2}", @"\int_0^1 x\,dx", @"\lim_{x\to 0}\frac{\sin x}{x}",
                @"\begin{cases} 1 & x = 0 \\ 0 & x \ne 0 \end{cases}", @"2^{1000}",
    ];

    // MATH-500 by kinds: of fifty golds 34 whole numbers, six fractions, two radicals, two with variables, one each of the others.
    private static readonly string[] Common =
    [
        "9", @"\frac{14}{3}", "42", "27", @"\left( 3, \frac{\pi}{2} \right)", "4", "2220", @"\frac{3}{56}", "284", "5", "2", "10", "24",
            @"3\sqrt{13}", "-50", "6", @"\frac{1}{5}", "11", "22", "720", "78", @"p^2 - 2q", "13", "16", @"\frac43",
        "18", "1.25", "8", @"90^\circ", "28", "3", @"\text{Evelyn}", "17", "144", @"\frac{35}{64}", "7", "70", @"\sqrt{51}", "3125", "12",
            @"12\pi", "60", @"10,\!080", @"\frac{9}{7}", "14", @"\begin{pmatrix} -2 \\ -14 \\ -7 \end{pmatrix}", "96", @"x=5", "256", "1",
    ];

    /// <summary>Golds as a benchmark has them, each boxed in a sentence and against its neighbour.</summary>
    public static IReadOnlyList<(string Gold, string Answer)> Everyday { get; } = Everyone(Common);

    /// <summary>The pairs of a list of golds: each boxed in a sentence, right, and its neighbour, which mostly is wrong.</summary>
    public static IReadOnlyList<(string Gold, string Answer)> Everyone(IReadOnlyList<string> golds) =>
        [.. Enumerable.Range(0, 2 * golds.Count)
        .Select(i => (golds[i / 2], i % 2 == 0 ? $"The answer is $\\boxed{{{golds[i / 2]}}}$." : golds[((i / 2) + 1) % golds.Count]))];

    /// <summary>
    /// Every kind of answer once: each gold boxed in a sentence, at the end of a long completion, and against its neighbour.
    /// </summary>
    public static IReadOnlyList<(string Gold, string Answer)> Pairs { get; } = Build();

    /// <summary>
    /// Pairs that were made to cost: towers of powers, deep brackets, long lists and sums, many boxes, slow series and integrals.
    /// </summary>
    public static IReadOnlyList<(string Gold, string Answer)> Hostile { get; } =
    [
        .. ((string[])
        [
            "10^{10^{10}}", "((9999!)!)!", "1e999999999", @"\binom{10^{9}}{5\cdot 10^{8}}",
                @"\sum_{k=1}^{1000}\sum_{j=1}^{1000}\sum_{i=1}^{1000} ijk", @"\frac{1}{3}^{100000}", @"\sum_{k=1}^{1000} \frac{1}{k^2}",
                    @"\int_0^x\int_0^y\int_0^z e^{abc} da\,db\,dc",
            @"\lim_{x\to 0}\lim_{y\to 0}\lim_{z\to 0} \frac{\sin(xyz)}{xyz}", new string('(', 20_000), new string('{', 20_000),
                @"\boxed{" + new string('9', 50_000) + "}", string.Concat(Enumerable.Repeat(@"\boxed{1}, ", 5_000)),
                    string.Concat(Enumerable.Repeat("answer is ", 5_000)),
            string.Concat(Enumerable.Repeat(@"\frac{1}{", 2_000)), new string('$', 20_000),
                string.Concat(Enumerable.Repeat("<think>", 5_000)), new string('-', 20_000) + "5",
                    @"\boxed{" + string.Join(",", Enumerable.Range(0, 400)) + "}",
            @"\boxed{" + string.Join("+", Enumerable.Repeat("x^{17}", 400)) + "}", string.Concat(Enumerable.Repeat("^x", 1500)),
                @"\boxed{\begin{pmatrix}" + string.Join(@" \\ ", Enumerable.Repeat("1 & 2 & 3 & 4 & 5 & 6 & 7 & 8", 8))
                    + @"\end{pmatrix}^{9}}",
            @"\boxed{" + string.Join(@"\cup", Enumerable.Range(0, 90).Select(i => $"({2 * i},{(2 * i) + 1})")) + "}",
                @"\boxed{" + string.Join(",", Enumerable.Range(0, 60).Select(i => $@"\sqrt{{{i}}}+\pi x")) + "}",
        ]).SelectMany(text => ((string, string)[])[("7", text), (text, text), (text + "+1", text)]),
    ];

    /// <summary>Worked solutions of a few dozen lines, right ones.</summary>
    public static IReadOnlyList<string> Solutions { get; } =
    [
        .. Enumerable.Range(2, 40)
            .Select(n =>
            string.Join("\n", Enumerable.Range(1, 12)
            .Select(k => $"Step {k}: there are {n} * {k} = {n * k} of them, so {n * k} + {k} = {(n * k) + k}."))),
        .. Enumerable.Range(2, 40)
            .Select(n =>
            $"We solve\n\\begin{{align*}}\n{n}x + 3 &= {(5 * n) + 3} \\\\\n{n}x &= {5 * n} \\\\\nx &= 5.\n\\end{{align*}}\nThen "
            + $"$({n}x+1)^2 = {n * n}x^2 + {2 * n}x + 1$ and $\\frac{{{n}}}{{3}} + \\frac{{1}}{{3}} = \\frac{{{n + 1}}}{{3}}$."),
    ];

    private static List<(string Gold, string Answer)> Build()
    {
        var reasoning = string.Concat(Enumerable.Repeat("We add the terms and find $2 + 3 = 5$, so the sum grows. ", 40));
        var pairs = new List<(string, string)>();
        for (var i = 0; i < Golds.Length; i++)
        {
            pairs.Add((Golds[i], $"The answer is $\\boxed{{{Golds[i]}}}$."));
            pairs.Add((Golds[i], reasoning + $"Therefore the final answer is \\boxed{{{Golds[i]}}}."));
            pairs.Add((Golds[i], $"\\boxed{{{Golds[(i + 1) % Golds.Length]}}}"));
        }
        return pairs;
    }
}
