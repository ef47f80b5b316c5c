namespace Tenon.Adapters.Peft;

/// <summary>
/// Values by module pattern: PEFT's <c>rank_pattern</c>, <c>alpha_pattern</c>, <c>lambda_pattern</c>. The first key K, in order, with
/// <c>re.match(r"(.*\.)?(K)$", path)</c> wins.
/// </summary>
public sealed class PeftPatterns
{
    private readonly List<(string Key, PythonRegex Regex, double Value)> _patterns;

    /// <summary>Compiles the keys; <paramref name="field"/> names them in the error of a broken one.</summary>
    public PeftPatterns(IEnumerable<KeyValuePair<string, double>> values, string field = "pattern") =>
        _patterns = values.Select(p => (p.Key, new PythonRegex(@"(.*\.)?(" + p.Key + ")$", field), p.Value)).ToList();

    /// <summary>The value for a module, or null where no key matches.</summary>
    public double? Find(string path)
    {
        foreach (var (_, regex, value) in _patterns)
            if (regex.Match(path)) return value;
        return null;
    }

    /// <summary>All values in order.</summary>
    public IEnumerable<double> Values => _patterns.Select(p => p.Value);

    /// <summary>Keys that match none of some modules.</summary>
    public IEnumerable<string> Unmatched(IReadOnlyCollection<string> paths) =>
        _patterns.Where(p => !paths.Any(p.Regex.Match)).Select(p => p.Key);
}
