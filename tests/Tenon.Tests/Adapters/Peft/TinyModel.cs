using Tenon.Adapters.Peft;

namespace Tenon.Tests.Adapters.Peft;

/// <summary>The module list of a Llama- or Qwen-shaped model.</summary>
internal static class TinyModel
{
    internal static List<ModelModule> Modules(int layers = 2)
    {
        var modules = new List<ModelModule> { new("model.embed_tokens", ModuleKind.Embedding, [96, 32]) };
        for (var i = 0; i < layers; i++)
        {
            foreach (var name in new[] { "q_proj", "k_proj", "v_proj", "o_proj" })
                modules.Add(new($"model.layers.{i}.self_attn.{name}", ModuleKind.Linear, [32, 32]));
            foreach (var name in new[] { "gate_proj", "up_proj", "down_proj" })
                modules.Add(new($"model.layers.{i}.mlp.{name}", ModuleKind.Linear, [64, 32]));
            modules.Add(new($"model.layers.{i}.input_layernorm", ModuleKind.Norm, [32]));
            modules.Add(new($"model.layers.{i}.post_attention_layernorm", ModuleKind.Norm, [32]));
        }
        modules.Add(new("model.norm", ModuleKind.Norm, [32]));
        modules.Add(new("lm_head", ModuleKind.Head, [96, 32]));
        return modules;
    }
}
