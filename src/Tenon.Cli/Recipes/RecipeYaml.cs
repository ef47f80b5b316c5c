using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Tenon.Cli.Recipes;

/// <summary>YAML (of which JSON is a part) to a tree whose every value knows its line. One document; anchors and aliases work, merge keys and tags do not.</summary>
internal sealed class RecipeYaml
{
    private const int DeepestNesting = 16;
    private const int MostNodes = 100_000;

    private readonly List<RecipeFault> _faults;
    private readonly Func<long, string> _place;
    private readonly Dictionary<string, RecipeNode> _anchors = [];
    private int _nodes;

    private RecipeYaml(Func<long, string> place, List<RecipeFault> faults) => (_place, _faults) = (place, faults);

    /// <summary>Reads a text; null where it is no YAML at all (the fault says where) or empty.</summary>
    public static RecipeNode? Parse(string text, Func<long, string> place, List<RecipeFault> faults)
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
                faults.Add(new RecipeFault(place(parser.Current!.Start.Line), "", "a second document begins; a recipe is one document"));
            return root;
        }
        catch (YamlException e)
        {
            faults.Add(new RecipeFault(place(e.Start.Line), "", $"no valid YAML: {e.Message}"));
            return null;
        }
    }

    private RecipeNode Node(IParser parser, int depth)
    {
        var start = parser.Current!.Start;
        var place = _place(start.Line);
        if (depth > DeepestNesting) throw new SemanticErrorException(start, start, $"nested deeper than {DeepestNesting} levels");
        if (++_nodes > MostNodes) throw new SemanticErrorException(start, start, $"more than {MostNodes} values");
        switch (parser.Current)
        {
            case Scalar scalar:
                parser.MoveNext();
                return Anchored(scalar, new RecipeScalar(place, scalar.Value, scalar.Style is not ScalarStyle.Plain));
            case SequenceStart sequence:
                parser.MoveNext();
                var items = new List<RecipeNode>();
                while (!parser.Accept<SequenceEnd>(out _)) items.Add(Node(parser, depth + 1));
                parser.MoveNext();
                return Anchored(sequence, new RecipeList(place, items));
            case MappingStart mapping:
                parser.MoveNext();
                var map = new RecipeMap(place, []);
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

    private void Entry(IParser parser, RecipeMap map, int depth)
    {
        var line = parser.Current!.Start.Line;
        if (!parser.Accept<Scalar>(out var key)) throw new SemanticErrorException(parser.Current.Start, parser.Current.End, "a key must be a word");
        parser.MoveNext();
        var value = Node(parser, depth + 1);
        if (map[key.Value] is not null) _faults.Add(new RecipeFault(_place(line), key.Value, "stands there twice"));
        else map.Entries.Add(new RecipeEntry(key.Value, value, _place(line)));
    }

    private RecipeNode Anchored(NodeEvent @event, RecipeNode node)
    {
        if (!@event.Anchor.IsEmpty) _anchors[@event.Anchor.Value] = node;
        return node;
    }
}
