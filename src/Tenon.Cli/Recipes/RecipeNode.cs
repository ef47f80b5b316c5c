namespace Tenon.Cli.Recipes;

/// <summary>A value of a recipe with the place it was written at (<c>line 7</c>, <c>--set rollout.group=4</c>), for messages.</summary>
internal abstract record RecipeNode(string Place)
{
    /// <summary>What it is, for messages.</summary>
    public abstract string Kind { get; }
}

/// <summary>A text, number, word or null; quoted ones are texts whatever they look like.</summary>
internal sealed record RecipeScalar(string Place, string Text, bool Quoted) : RecipeNode(Place)
{
    /// <summary>True where nothing is set (<c>null</c>, <c>~</c> or nothing at all).</summary>
    public bool IsNull => !Quoted && Text is "" or "null" or "~" or "Null" or "NULL";

    public override string Kind => IsNull ? "null" : $"'{Text}'";
}

/// <summary>A list.</summary>
internal sealed record RecipeList(string Place, List<RecipeNode> Items) : RecipeNode(Place)
{
    public override string Kind => "a list";
}

/// <summary>A mapping; keys in the order they were written, each with its own place.</summary>
internal sealed record RecipeMap(string Place, List<RecipeEntry> Entries) : RecipeNode(Place)
{
    public override string Kind => "a mapping";

    /// <summary>The value of a key, or null.</summary>
    public RecipeNode? this[string key] => Entries.FirstOrDefault(entry => entry.Key == key)?.Value;

    /// <summary>Sets or adds a key.</summary>
    public void Set(string key, RecipeNode value, string place)
    {
        var at = Entries.FindIndex(entry => entry.Key == key);
        if (at < 0) Entries.Add(new RecipeEntry(key, value, place));
        else Entries[at] = new RecipeEntry(key, value, place);
    }
}

/// <summary>A key with its value.</summary>
internal sealed record RecipeEntry(string Key, RecipeNode Value, string Place);

/// <summary>A fault with its place.</summary>
internal sealed record RecipeFault(string Place, string Key, string What)
{
    public override string ToString() => Key.Length == 0 ? $"{Place}: {What}" : $"{Place}, {Key}: {What}";
}
