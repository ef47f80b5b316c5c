namespace Tenon.Tests.Support;

/// <summary>Tests of what the process has once: they run behind all others, one after the other.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneCollection
{
    /// <summary>Its name.</summary>
    public const string Name = "alone";
}
