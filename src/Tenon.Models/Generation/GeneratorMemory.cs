using Tenon.Models.Config;

namespace Tenon.Models.Generation;

/// <summary>Sizes of the generation cache, for estimates made before a run.</summary>
public static class GeneratorMemory
{
    /// <summary>Bytes of one page of 32 positions over all layers.</summary>
    public static long PageBytes(ModelConfig config) => KvCache.PageBytes(config);
}
