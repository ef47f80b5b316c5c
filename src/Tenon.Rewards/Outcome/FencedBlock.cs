namespace Tenon.Rewards.Outcome;

/// <summary>A Markdown code block: three or more backticks or tildes, a tag, lines, and the same marks again.</summary>
/// <param name="Tag">The first word after the opening marks in lower case (<c>python</c>, <c>json</c>), or empty.</param>
/// <param name="Body">The lines between the marks.</param>
/// <param name="Closed">False where the text ends inside the block.</param>
internal sealed record FencedBlock(string Tag, string Body, bool Closed)
{
    private const int ShortestFence = 3;

    /// <summary>All blocks in order. Linear in the text.</summary>
    public static IReadOnlyList<FencedBlock> All(string text)
    {
        var blocks = new List<FencedBlock>();
        var (mark, length, tag, body) = ('\0', 0, "", -1);
        for (int start = 0, end; start <= text.Length; start = end + 1)
        {
            end = text.IndexOf('\n', start);
            if (end < 0) end = text.Length;
            var line = text.AsSpan(start, end - start).Trim();
            if (body < 0)
            {
                if (line.Length < ShortestFence || line[0] is not ('`' or '~')) continue;
                length = Run(line);
                var info = line[length..].Trim();
                // A line such as ```x``` is inline code.
                if (length < ShortestFence || info.Contains('`')) continue;
                (mark, tag, body) = (line[0], FirstWord(info), Math.Min(end + 1, text.Length));
            }
            else if (line.Length >= length && line[0] == mark && Run(line) == line.Length)
            {
                blocks.Add(new FencedBlock(tag, text[body..Math.Max(body, start - 1)], true));
                body = -1;
            }
        }

        if (body >= 0) blocks.Add(new FencedBlock(tag, text[body..], false));
        return blocks;
    }

    private static int Run(ReadOnlySpan<char> line)
    {
        var count = line.IndexOfAnyExcept(line[0]);
        return count < 0 ? line.Length : count;
    }

    private static string FirstWord(ReadOnlySpan<char> info)
    {
        var end = info.IndexOfAny(' ', '\t', '{');
        return (end < 0 ? info : info[..end]).ToString().ToLowerInvariant();
    }
}
