using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Tenon.Recipes;

/// <summary>
/// YAML (of which JSON is a part) to a tree whose every value knows its line. One document; anchors and aliases work, merge keys and tags
/// do not.
/// </summary>
internal sealed class RecipeYaml
{
    private const int DeepestNesting = 16;
    private const int MostNodes = 100_000;

    private readonly List<PlacedFault> _faults;
    private readonly Func<long, string> _place;
    private readonly Dictionary<string, SettingNode> _anchors = [];
    private int _nodes;

    private RecipeYaml(Func<long, string> place, List<PlacedFault> faults) => (_place, _faults) = (place, faults);

    /// <summary>Reads a text; null where it is no YAML at all (the fault says where) or empty.</summary>
    public static SettingNode? Parse(string text, Func<long, string> place, List<PlacedFault> faults)
    {
        var reader = new RecipeYaml(place, faults);
        try
        {
            var parser = new Parser(new Scanner(new StringReader(text), skipComments: true));
            parser.Consume<StreamStart>();
            if (parser.Accept<StreamEnd>(out _)) return null;
            parser.Consume<DocumentStart>();
            var root = reader.Node(parser, 0);
            parser.Consume<DocumentEnd>();
            if (!parser.Accept<StreamEnd>(out _))
                faults.Add(new PlacedFault(place(parser.Current!.Start.Line), "", "a second document begins; a recipe is one document"));
            return root;
        }
        catch (YamlException e)
        {
            faults.Add(Unreadable(text, e, place));
            return null;
        }
    }

    /// <summary>What no parser can read, with line and column and, where it is the indentation, with what was expected.</summary>
    private static PlacedFault Unreadable(string text, YamlException fault, Func<long, string> place)
    {
        var lines = text.ReplaceLineEndings("\n").Split('\n');
        var tab = Array.FindIndex(lines, line => IndentOf(line).Contains('\t', StringComparison.Ordinal));
        if (tab >= 0)
            return At(tab + 1, IndentOf(lines[tab]).IndexOf('\t') + 1, "a tab stands in the indentation; expected spaces");
        var (line, column) = (fault.Start.Line, fault.Start.Column);
        return At(line, column, fault.Message.TrimEnd('.', ' ') + Advice(lines, line, column));

        PlacedFault At(long line, long column, string what) => new($"{place(line)}, column {column}", "", $"no valid YAML: {what}");
    }

    /// <summary>
    /// What is wrong with the indentation of a line (from 1): it differs from the keys beside it, or is deeper below a key that has its
    /// value.
    /// </summary>
    private static string Advice(string[] lines, long line, long column)
    {
        if (line < 2 || line > lines.Length) return "";
        var indent = IndentOf(lines[line - 1]).Length;
        var above = lines.Take((int)line - 1).LastOrDefault(text => text.Trim() is { Length: > 0 } words && words[0] != '#');
        if (above is not null && indent > IndentOf(above).Length && above.Contains(": ", StringComparison.Ordinal))
            return $"; the line is indented by {indent} below a key that has its value, expected {IndentOf(above).Length}";
        return indent > 0 && column <= indent + 1 ? $"; the line is indented by {indent}, expected the indentation of the keys beside it"
            : "";
    }

    private static string IndentOf(string line) => line[..^line.TrimStart().Length];

    private SettingNode Node(IParser parser, int depth)
    {
        var start = parser.Current!.Start;
        var place = _place(start.Line);
        if (depth > DeepestNesting) throw new SemanticErrorException(start, start, $"nested deeper than {DeepestNesting} levels");
        if (++_nodes > MostNodes) throw new SemanticErrorException(start, start, $"more than {MostNodes} values");
        switch (parser.Current)
        {
            case Scalar scalar:
                parser.MoveNext();
                return Anchored(scalar, new SettingScalar(place, scalar.Value, scalar.Style is not ScalarStyle.Plain));
            case SequenceStart sequence:
                parser.MoveNext();
                var items = new List<SettingNode>();
                while (!parser.Accept<SequenceEnd>(out _)) items.Add(Node(parser, depth + 1));
                parser.MoveNext();
                return Anchored(sequence, new SettingList(place, items));
            case MappingStart mapping:
                parser.MoveNext();
                var map = new SettingMap(place, []);
                while (!parser.Accept<MappingEnd>(out _)) Entry(parser, map, depth);
                parser.MoveNext();
                return Anchored(mapping, map);
            case AnchorAlias alias:
                parser.MoveNext();
                return _anchors.TryGetValue(alias.Value.Value, out var node)
                    ? node
                    : throw new SemanticErrorException(start, start, $"no anchor is named '{alias.Value.Value}'");
            default:
                throw new SemanticErrorException(start, start, "a value was expected");
        }
    }

    private void Entry(IParser parser, SettingMap map, int depth)
    {
        var start = parser.Current!.Start;
        if (!parser.Accept<Scalar>(out var key))
            throw new SemanticErrorException(parser.Current.Start, parser.Current.End, "a key must be a word");
        parser.MoveNext();
        var value = Node(parser, depth + 1);
        if (map[key.Value] is not null) _faults.Add(new PlacedFault(_place(start.Line), key.Value, "stands there twice"));
        else map.Entries.Add(new SettingEntry(key.Value, value, _place(start.Line), start.Column));
    }

    private SettingNode Anchored(NodeEvent @event, SettingNode node)
    {
        if (!@event.Anchor.IsEmpty) _anchors[@event.Anchor.Value] = node;
        return node;
    }
}
