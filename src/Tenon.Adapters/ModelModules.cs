using Tenon.Adapters.Peft;
using Tenon.Models.Config;
using Tenon.Models.Weights;

namespace Tenon.Adapters;

/// <summary>The modules of a model as target resolution sees them, from its configuration alone.</summary>
public static class ModelModules
{
    /// <summary>Every module with a weight, in checkpoint order; a tied head is a module too.</summary>
    public static IReadOnlyList<ModelModule> Of(ModelConfig config)
    {
        const string suffix = ".weight";
        var modules = new List<ModelModule>();
        foreach (var (name, shape) in ExpectedTensors.Of(config))
        {
            if (!name.EndsWith(suffix, StringComparison.Ordinal)) continue;
            var path = name[..^suffix.Length];
            var kind =
                path switch
                {
                    "model.embed_tokens" => ModuleKind.Embedding,
                    "lm_head" => ModuleKind.Head,
                    _ =>
                shape.Length == 1 ? ModuleKind.Norm : ModuleKind.Linear
                };
            modules.Add(new ModelModule(path, kind, [.. shape.Select(s => (int)s)]));
        }

        if (config.TieWordEmbeddings && modules.TrueForAll(m => m.Kind != ModuleKind.Head))
            modules.Add(new ModelModule("lm_head", ModuleKind.Head, [config.VocabSize, config.HiddenSize]));
        return modules;
    }
}
