using Tenon.Evaluation.Comparisons;
using Tenon.Evaluation.Statistics;
using Tenon.Runs.Evaluations;

namespace Tenon.Evaluation.Texts;

/// <summary>A row of a text's comparison: a model, an adapter, a recipe with several runs.</summary>
/// <param name="Name">The row's name.</param>
/// <param name="Runs">Each run's scored documents.</param>
public sealed record TextEntrant(string Name, IReadOnlyList<IReadOnlyList<TextDocumentScore>> Runs);

/// <summary>How a row predicts the text beside the row that it is compared with.</summary>
/// <param name="Name">The row.</param>
/// <param name="PerToken">Nats a token, the mean over its runs.</param>
/// <param name="PerByte">Nats a byte.</param>
/// <param name="Change">Difference of nats a token (a byte, where tokens are others); null for the row compared with.</param>
/// <param name="P">Two-sided p of no change: sign flips over documents, Student's t where runs are several.</param>
/// <param name="AdjustedP">The same by Holm's method over the rows.</param>
/// <param name="Verdict">better (the text is predicted better), worse, noise or equivalent.</param>
public sealed record TextRow(
    string Name, RatioMean PerToken, RatioMean PerByte, RatioMean? Change, double? P, double? AdjustedP, string? Verdict)
{
    /// <summary>Perplexity over that of the row compared with; 1.05 is five percent more.</summary>
    public double? Ratio => Change is { } c ? ExactMath.Exp(c.Value) : null;

    /// <summary>The ends of the ratio's interval.</summary>
    public (double Low, double High)? RatioInterval =>
        Change?.Interval() is { } ends ? (ExactMath.Exp(ends.Low), ExactMath.Exp(ends.High)) : null;

    /// <summary>The smallest true ratio above 1 that a test at 5 % finds with 80 % probability in a text of this size.</summary>
    public double? SmallestRatio => Change is { StandardError: var error } c && error > 0
        ? ExactMath.Exp(ScoreDifference.Reach(c.Df) * error) : null;
}

/// <summary>
/// What adapters did to the prediction of a text (forgetting), document by document: all rows have read the same documents.
/// </summary>
/// <param name="Text">The text's name.</param>
/// <param name="Against">The row that the others are compared with.</param>
/// <param name="Rows">All rows in the order given.</param>
/// <param name="Documents">Common documents.</param>
/// <param name="LeftOut">Documents that not every row has.</param>
/// <param name="ByByte">True where the rows' tokens differ, so that changes are by byte.</param>
/// <param name="Margin">Changes of the perplexity within this share count as none; null where none was stated.</param>
public sealed record TextComparison(
    string Text, string Against, IReadOnlyList<TextRow> Rows, int Documents, int LeftOut, bool ByByte, double? Margin)
{
    private const double Level = 0.05;

    /// <summary>Compares; <paramref name="against"/> names a row, the first by default.</summary>
    public static TextComparison Of(string text, IReadOnlyList<TextEntrant> entrants, string? against = null, double? margin = null)
    {
        var reference = against is null ? 0 : entrants.ToList().FindIndex(e => e.Name == against);
        if (reference < 0)
            throw new TenonException($"--against {against}", $"one of {string.Join(", ", entrants.Select(e => e.Name))}", against,
                usage: true);
        var runs = entrants.SelectMany(e => e.Runs).Select(r => r.Where(d => d.Tokens > 0).DistinctBy(d => d.Document).ToList()).ToList();
        var common = runs.Select(r => r.Select(d => d.Document)).Aggregate((a, b) => a.Intersect(b, StringComparer.Ordinal))
            .Order(StringComparer.Ordinal).ToList();
        var all = runs.SelectMany(r => r.Select(d => d.Document)).Distinct(StringComparer.Ordinal).Count();
        if (common.Count == 0)
            throw new TenonException($"comparison on the text {text}", "a document that every row has read", "none", usage: true);
        // A single document is cut into its windows, where all rows have the same ones.
        var cuts = runs.Select(r => string.Join(' ', r.First(d => d.Document == common[0]).Parts.Select(p => p.Tokens))).Distinct().Count();
        var sides = entrants.Select(e => Side.Of(e, common, byWindows: common.Count == 1 && cuts == 1)).ToList();
        var byByte = sides.Any(s => !s.SameTokens(sides[0]));
        int[] others = [.. Enumerable.Range(0, entrants.Count).Where(i => i != reference)];
        var changes = others.Select(i => Change(sides[reference], sides[i], byByte)).ToList();
        var adjusted = MultipleComparisons.Holm([.. changes.Select(c => c.P)]);
        var rows = entrants.Select((e, i) =>
        {
            var at = Array.IndexOf(others, i);
            var (perToken, perByte) = (sides[i].PerToken, sides[i].PerByte);
            if (at < 0) return new TextRow(e.Name, perToken, perByte, null, null, null, null);
            var word = Word(changes[at].Mean, adjusted[at], margin);
            return new(e.Name, perToken, perByte, changes[at].Mean, changes[at].P, adjusted[at], word);
        }).ToList();
        return new(text, entrants[reference].Name, rows, common.Count, all - common.Count, byByte, margin);
    }

    private static string Word(RatioMean change, double p, double? margin)
    {
        if (p < Level && change.Value != 0) return change.Value < 0 ? "better" : "worse";
        if (margin is not { } m || !(change.StandardError >= 0)) return "noise";
        var (down, up) = (ExactMath.Log(1 - Math.Min(m, 0.999)), ExactMath.Log(1 + m));
        var error = Math.Max(change.StandardError, double.Epsilon);
        return Math.Max(Distributions.StudentTTail((change.Value - down) / error, change.Df),
            Distributions.StudentTTail((up - change.Value) / error, change.Df)) < Level ? "equivalent" : "noise";
    }

    private static (RatioMean Mean, double P) Change(Side first, Side second, bool byByte)
    {
        var sizes = byByte ? first.Bytes : first.Tokens;
        double[] differences = [.. second.Losses.Zip(first.Losses, (b, a) => b - a)];
        var mean = RatioMean.Of(differences, sizes);
        var total = sizes.Sum();
        var (extraA, extraB) = (first.RunVariance(total), second.RunVariance(total));
        if (extraA + extraB == 0)
            return (mean, differences.All(d => d == 0) ? 1 : SignFlipTest.Of(differences, 20_000).TwoSided);
        var fromDocuments = double.IsNaN(mean.StandardError) ? 0 : mean.StandardError * mean.StandardError;
        var variance = fromDocuments + extraA + extraB;
        var noise = (fromDocuments * fromDocuments / mean.Df) + (extraA * extraA / Math.Max(1, first.Runs - 1))
            + (extraB * extraB / Math.Max(1, second.Runs - 1));
        var wide = mean with { StandardError = Math.Sqrt(variance), Df = Math.Clamp(variance * variance / noise, 1, 1e6) };
        return (wide, Distributions.StudentTTwoSided(wide.Value / wide.StandardError, wide.Df));
    }

    /// <summary>A row over the common units: the documents, or the windows of a single one.</summary>
    private sealed record Side(double[] Losses, double[] Tokens, double[] Bytes, double[] RunTotals, RatioMean PerToken, RatioMean PerByte)
    {
        public int Runs => RunTotals.Length;

        public static Side Of(TextEntrant entrant, IReadOnlyList<string> common, bool byWindows)
        {
            var runs = entrant.Runs
                .Select(r => r.DistinctBy(d => d.Document).ToDictionary(d => d.Document, StringComparer.Ordinal)).ToList();
            List<TextDocumentScore[]> documents = [.. runs.Select(r => common.Select(id => r[id]).ToArray())];
            var whole = Mean(documents);
            var (perToken, perByte, _) = TextFigures.Means(whole);
            if (byWindows) whole = [.. whole[0].Parts.Select((p, i) => new TextDocumentScore($"{i}", p.Tokens, [p]))];
            return new([.. whole.Select(d => d.Loss)], [.. whole.Select(d => (double)d.Tokens)], [.. whole.Select(d => (double)d.Bytes)],
                [.. documents.Select(r => r.Sum(d => d.Loss))], perToken, perByte);
        }

        public bool SameTokens(Side other) => Tokens.AsSpan().SequenceEqual(other.Tokens);

        /// <summary>The squared standard error, in nats a token (byte), that the scatter of runs adds.</summary>
        public double RunVariance(double total) =>
            Runs < 2 ? 0 : Sample.Variance([.. RunTotals.Select(t => t / total)]) / Runs;

        // The runs' mean loss, window by window.
        private static List<TextDocumentScore> Mean(List<TextDocumentScore[]> runs) => [.. runs[0].Select((d, i) => d with
        {
            Parts = [.. d.Parts.Select((p, j) => p with { Loss = runs.Average(r => LossOf(r[i], j)) })],
        })];

        private static double LossOf(TextDocumentScore document, int part) =>
            part < document.Parts.Count ? document.Parts[part].Loss : double.NaN;
    }
}
