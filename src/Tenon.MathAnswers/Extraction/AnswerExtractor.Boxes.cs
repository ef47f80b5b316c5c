namespace Tenon.MathAnswers.Extraction;

/// <summary>Several boxes that hold the parts of one answer.</summary>
internal static partial class AnswerExtractor
{
    private const int MostParts = 12;
    private const int LongestPart = 160;

    private static readonly string[] Verbs = [" is", " are", " was", " were", "=", ":", " equals", " gives", " get", " be", " to"];

    // What a box that is taken back is followed by.
    private static readonly WordList Corrections = new(
        "wrong", "not ", "wait", "incorrect", "actually", "instead", "mistake", "but ", "should", "error", "rather", "however", "correct",
        "no,", "recheck", "again", "hmm", "so ", "therefore", "thus ", "hence ", "final", "answer", "check", "then ", "first", "next ",
        "step", "which ", "simplif", "approx", "in other words", "that is", "or ");

    /// <summary>
    /// "The smaller number is \boxed{4} and the larger number is \boxed{9}": a list of what all boxes say, each of which stands behind a
    /// verb, a sign or a label; null where any does not, or where a box might be taken back or followed up by the next.
    /// </summary>
    private static string? Together(string text, List<Boxes.Box> boxes)
    {
        if (boxes.Count is < 2 or > MostParts) return null;
        for (var i = 0; i < boxes.Count; i++)
        {
            var from = i == 0 ? 0 : boxes[i - 1].End;
            var between = text.AsSpan(from, boxes[i].Start - from);
            var before = between.TrimEnd(" $*\n([\\");
            var said = false;
            foreach (var verb in Verbs) said |= before.EndsWith(verb, StringComparison.OrdinalIgnoreCase);
            if (!said || i > 0 && (between.Length > LongestPart || Corrections.Holds(between))) return null;
        }

        return string.Join(" , ", boxes.Select(box => Inner(box.Content)));
    }
}
