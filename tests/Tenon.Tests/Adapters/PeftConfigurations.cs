using System.Text.Json.Nodes;

namespace Tenon.Tests.Adapters;

/// <summary>
/// Configurations of PEFT's for the embedded model, drawn from a seed: every type, each field with values that fit sizes which 8 divides.
/// </summary>
internal static class PeftConfigurations
{
    private static readonly string[] S_linear = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"];

    /// <summary>Types and the fields that differ from PEFT's defaults, two draws of each type.</summary>
    public static IEnumerable<(string Type, JsonObject Fields)> Draw(int seed)
    {
        var draw = new Draws(seed);
        for (var round = 0; round < 2; round++)
        {
            foreach (var special in
                new[] { "{}", """{"use_rslora":true}""", """{"use_dora":true}""", """{"use_dora":true,"init_lora_weights":"gaussian"}""",
                """{"init_lora_weights":false}""", """{"init_lora_weights":"olora"}""", """{"init_lora_weights":"mica"}""",
                """{"init_lora_weights":"orthogonal","r":6}""" })
                yield return ("LORA",
                    draw.With(special, ("r", draw.Between(1, 12)), ("lora_alpha", draw.Between(1, 40)),
                    ("rank_pattern", special.Contains("orthogonal") ? null : draw.Pattern(1, 9)), ("alpha_pattern", draw.Pattern(1, 30))));
            yield return ("LORA",
                draw.With("""{"use_dora":true,"target_modules":["embed_tokens","v_proj"]}""", ("r", draw.Between(1, 12))));
            yield return ("LORA",
                draw.With("""{"bias":"all"}""",
                ("modules_to_save", draw.Of(new JsonArray("norm"), new JsonArray("embed_tokens"), new JsonArray("lm_head")))));
            yield return ("LORA",
                draw.With("{}",
                ("trainable_token_indices",
                draw.Of<JsonNode>(new JsonArray(50, 49, 120),
                new JsonObject { ["lm_head"] = new JsonArray(51), ["embed_tokens"] = new JsonArray(49, 52) }))));
            yield return ("ADALORA",
                draw.With("""{"total_step":50,"tinit":3,"tfinal":5}""", ("init_r", draw.Between(2, 9)),
                ("lora_alpha", draw.Between(1, 30))));
            yield return ("MISS", draw.With("{}", ("r", draw.Between(1, 20))));
            yield return ("MISS", draw.With("""{"init_weights":"mini"}""", ("r", draw.Between(1, 20)), ("mini_r", draw.Of(1, 2, 4, 8))));
            yield return ("MISS", draw.With("""{"init_weights":"bat"}""", ("r", draw.Of(1, 2, 4, 8))));
            yield return ("VERA",
                draw.With("{}", ("r", draw.Between(1, 40)), ("projection_prng_key", draw.Between(0, 99999)),
                ("save_projection", draw.Of(true, false)), ("d_initial", draw.Of(0.1, 0.6))));
            yield return ("IA3",
                draw.Of(new JsonObject(),
                new JsonObject { ["target_modules"] = ".*(o|down|k)_proj", ["feedforward_modules"] = ".*(o|down)_proj" }));
            yield return ("LN_TUNING",
                draw.Of(new JsonObject(), new JsonObject { ["target_modules"] = new JsonArray("norm", "input_layernorm") }));
            yield return ("HRA", draw.With("{}", ("r", draw.Between(1, 12)), ("init_weights", draw.Of(true, false))));
            yield return ("HRA", draw.With("""{"apply_GS":true,"init_weights":false}""", ("r", draw.Between(1, 12))));
            yield return ("TINYLORA",
                draw.With("{}", ("r", draw.Between(1, 6)), ("u", draw.Between(1, 20)), ("weight_tying", draw.Of(0, 0.3, 0.5, 0.8, 1)),
                ("projection_seed", draw.Between(0, 9999)), ("save_projection", draw.Of(true, false))));
            yield return ("OFT",
                draw.With("{}", ("oft_block_size", draw.Of(2, 4, 8)), ("num_cayley_neumann_terms", draw.Between(2, 7)),
                ("block_share", draw.Of(true, false))));
            yield return ("OFT", draw.With("""{"use_cayley_neumann":false,"oft_block_size":0}""", ("r", draw.Of(2, 4, 8))));
            yield return ("BOFT", draw.With("{}", ("boft_block_size", draw.Of(2, 4, 8))));
            yield return ("RANDLORA",
                draw.With("{}", ("r", draw.Between(2, 20)), ("randlora_alpha", draw.Between(2, 40)),
                ("projection_prng_key", draw.Between(0, 99999)), ("save_projection", draw.Of(true, false)),
                ("sparse", draw.Of(true, false))));
            yield return ("VBLORA",
                draw.With("{}", ("r", draw.Between(1, 5)), ("num_vectors", draw.Between(4, 40)), ("vector_length", draw.Of(2, 4, 8)),
                ("topk", draw.Between(1, 4))));
            yield return ("FOURIERFT",
                draw.With("""{"init_weights":true}""", ("n_frequency", draw.Between(5, 200)), ("scaling", draw.Of(10.0, 25.0)),
                ("random_loc_seed", draw.Between(0, 99999)), ("n_frequency_pattern", draw.Pattern(3, 60))));
            yield return ("WAVEFT",
                draw.With("{}", ("n_frequency", draw.Between(5, 200)), ("scaling", draw.Of(2.0, 5.0)),
                ("random_loc_seed", draw.Between(0, 99999)), ("wavelet_family", draw.Of("db1", "db2")),
                ("proportional_parameters", draw.Of(true, false))));
            yield return ("DELORA",
                draw.With("{}", ("r", draw.Between(1, 12)), ("delora_lambda", draw.Between(1, 9)), ("rank_pattern", draw.Pattern(1, 9)),
                ("lambda_pattern", draw.Pattern(1, 9))));
            yield return ("ROAD", draw.With("{}", ("variant", draw.Of("road_1", "road_2", "road_4")), ("group_size", draw.Of(2, 4, 8))));
            yield return ("C3A", draw.With("{}", ("block_size", draw.Of(1, 2, 4, 8)), ("init_weights", draw.Of(true, false))));
            yield return ("SHIRA", draw.With("{}", ("r", draw.Between(1, 8)), ("random_seed", draw.Between(0, 999))));
            yield return ("GRALORA",
                draw.With("{}", ("r", draw.Of(4, 8, 12)), ("gralora_k", draw.Of(1, 2, 4)), ("hybrid_r", draw.Between(0, 5)),
                ("alpha", draw.Between(1, 30))));
            yield return ("HIRA", draw.With("{}", ("r", draw.Between(1, 12))));
            yield return ("HIRA",
                new JsonObject { ["r"] = draw.Between(1, 12), ["target_modules"] = new JsonArray("embed_tokens", "q_proj") });
            yield return ("LOHA",
                draw.With("{}", ("r", draw.Between(1, 12)), ("alpha", draw.Between(1, 20)), ("rank_pattern", draw.Pattern(1, 9)),
                ("alpha_pattern", draw.Pattern(1, 9))));
            yield return ("LOKR",
                draw.With("{}", ("r", draw.Between(1, 6)), ("alpha", draw.Between(1, 20)), ("decompose_both", draw.Of(true, false)),
                ("decompose_factor", draw.Of(-1, 2, 4, 8, 16, 32))));
            yield return ("TRAINABLE_TOKENS",
                new JsonObject
                {
                    ["token_indices"] = new JsonArray(61, 49, 54),
                    ["target_modules"] = new JsonArray(draw.Of("embed_tokens", "lm_head"))
                });
        }
    }

    /// <summary>A small generator, the same on every machine.</summary>
    private sealed class Draws(int seed)
    {
        private ulong _state = (ulong)seed * 6364136223846793005 + 1442695040888963407;

        public int Between(int least, int most)
        {
            _state = _state * 6364136223846793005 + 1442695040888963407;
            return least + (int)(_state >> 33) % (most - least + 1);
        }

        public T Of<T>(params T[] choices) => choices[Between(0, choices.Length - 1)];

        public JsonObject Pattern(int least, int most) =>
            new() { ["(k|o)_proj"] = Between(least, most), ["layers\\.1\\.mlp\\..*"] = Between(least, most) };

        /// <summary>Fields with drawn targets: all linear layers, some names, or a pattern.</summary>
        public JsonObject With(string fields, params (string Name, object? Value)[] more)
        {
            var all = (JsonObject)JsonNode.Parse(fields)!;
            foreach (var (name, value) in more)
                if (value is not null && !all.ContainsKey(name)) all[name] = value as JsonNode ?? JsonValue.Create(value);
            if (!all.ContainsKey("target_modules"))
                all["target_modules"] =
                    Of<JsonNode>("all-linear", ".*(q|o|down)_proj",
                    new JsonArray([.. S_linear.Where(_ => Between(0, 1) == 1).Append("v_proj").Distinct().Select(n => (JsonNode)n)]));
            return all;
        }
    }
}
