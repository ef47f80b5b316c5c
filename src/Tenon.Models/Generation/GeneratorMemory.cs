using Tenon.Models.Config;
using Tenon.Tensors;

namespace Tenon.Models.Generation;

/// <summary>Sizes of the generation cache, for estimates made before a run.</summary>
public static class GeneratorMemory
{
    /// <summary>Bytes of one page of 32 positions over all layers.</summary>
    public static long PageBytes(ModelConfig config, Precision precision) => KvCache.PageBytes(config, precision);
}
