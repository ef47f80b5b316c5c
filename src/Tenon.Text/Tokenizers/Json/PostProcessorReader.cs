using Tenon.Checkpoints;

namespace Tenon.Text.Tokenizers.Json;

/// <summary>Reads <c>post_processor</c>: the ids that are put before and after a text's own.</summary>
internal static class PostProcessorReader
{
    private const string Known = "ByteLevel, TemplateProcessing, RobertaProcessing, BertProcessing, Sequence";

    /// <summary>Ids before and after; each is one of <paramref name="known"/>.</summary>
    public static (IReadOnlyList<int> Before, IReadOnlyList<int> After) Read(JsonFields root, IReadOnlySet<int> known)
    {
        List<int> before = [], after = [];
        if (root.Object("post_processor") is not { } part) return (before, after);
        foreach (var step in Parts.Flat(part, "processors"))
        {
            // A later step wraps what the earlier ones made.
            var (b, a) = One(step, known);
            before.InsertRange(0, b);
            after.AddRange(a);
        }
        return (before, after);
    }

    private static (List<int> Before, List<int> After) One(JsonFields step, IReadOnlySet<int> known)
    {
        switch (step.String("type"))
        {
            case "ByteLevel":
                return ([], []);
            case "TemplateProcessing":
                return Template(step, known);
            case "RobertaProcessing" or "BertProcessing":
                return ([NamedId(step, "cls", known)], [NamedId(step, "sep", known)]);
            case var type:
                throw Parts.Unknown(step, "a post-processor", type, Known);
        }
    }

    private static (List<int> Before, List<int> After) Template(JsonFields step, IReadOnlySet<int> known)
    {
        List<int> before = [], after = [];
        var texts = 0;
        foreach (var item in step.Objects("single"))
        {
            if (item.Object("Sequence") is { } text)
            {
                if (++texts > 1 || text.String("id") is { } id and not "A")
                    throw Parts.Unknown(item, "a template", "another text than A, once", "A once");
                continue;
            }
            var name = item.RequiredObject("SpecialToken").RequiredString("id");
            var token = step.RequiredObject("special_tokens").Object(name)
                ?? throw step.Missing($"special_tokens.{name}", "the token's ids");
            var target = texts == 0 ? before : after;
            foreach (var id in token.Items("ids")) target.Add(Id(token, "ids", id, known));
        }
        return texts == 1 ? (before, after) : throw step.Wrong("single", "the text A and special tokens around it", "no text");
    }

    private static int NamedId(JsonFields step, string key, IReadOnlySet<int> known)
    {
        var pair = step.Items(key).ToList();
        return pair.Count == 2 ? Id(step, key, pair[1], known) : throw step.Wrong(key, "a token and its id", $"{pair.Count} values");
    }

    private static int Id(JsonFields at, string key, System.Text.Json.JsonElement value, IReadOnlySet<int> known)
    {
        var id = VocabularyReader.Id(at, key, value);
        return known.Contains(id) ? id : throw at.Wrong(key, "ids of tokens that there are", $"{id}");
    }
}
