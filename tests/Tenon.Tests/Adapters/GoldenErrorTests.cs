using System.Text.Json;
using Tenon.Tests.Support;

namespace Tenon.Tests.Adapters;

/// <summary>
/// PEFT's table of wrong configurations, folders and calls (<c>errors.json</c>): each is refused with a message that names the fault, let
/// pass with a notice, or taken where that is right.
/// What PEFT passes over in silence (a missing or surplus tensor, NaN, a scale of 0, DoRA without magnitudes) is refused here.
/// </summary>
public class GoldenErrorTests
{
    /// <summary>Refused: what the message says.</summary>
    private static readonly Dictionary<string, string> S_refused = new()
    {
        ["json-unknown-peft-type"] = "'NOPE'",
        ["json-lower-case-peft-type"] = "peft_type one of LORA, ADALORA, BOFT, C3A, DELORA, FOURIERFT,",
        ["json-no-peft-type"] = "a key 'peft_type' with one of LORA, ADALORA, BOFT, C3A, DELORA,",
        ["json-is-a-list"] = "a JSON object",
        ["json-rank-differs"] = "shape [8, 32]",
        ["json-rank-text"] = "'r' must be a number, not \"4\"",
        ["tensors-one-missing"] = "a tensor",
        ["tensors-none"] = "tensors of method 'lora'",
        ["tensors-one-extra"] = "tensors of method 'lora'",
        ["tensors-wrong-shape"] = "shape [32, 4]",
        ["tensors-wrong-shape-ignored"] = "shape [32, 4]",
        ["tensors-transposed"] = "shape [32, 4]",
        ["tensors-nan"] = "finite values",
        ["tensors-f64"] = "F32, F16 or BF16",
        ["tensors-int"] = "F32, F16 or BF16",
        ["tensors-without-prefix"] = "tensors of method 'lora'",
        ["other-model"] = "shape [3, 32]",
        ["dora-without-magnitude"] = "a tensor",
        ["vera-without-projection"] = "a tensor 'base_model.vera_A'",
        ["adalora-without-rank-pattern"] = "shape [6, 32]",
        ["folder-missing"] = "a folder with adapter_config.json",
        ["folder-config"] = "a folder with adapter_config.json",
        ["folder-weights"] = "a safetensors file",
        ["folder-json"] = "JSON",
        ["folder-truncated"] = "a file of at least 2560 bytes",
        ["lora-r-0"] = "'r' should be a positive integer value but the value passed is 0",
        ["lora-r-negative"] = "'r' should be a positive integer value but the value passed is -1",
        ["lora-r-float"] = "'r' must be an integer, not 4.5",
        ["lora-alpha-0"] = "'lora_alpha' 0 switches the adapter off",
        ["lora-dropout-above-1"] = "dropout probability 'lora_dropout' has to be between 0 and 1, but got",
        ["lora-no-target-matches"] = "at least one module of the base model",
        ["lora-part-of-a-name"] = "at least one module of the base model",
        ["lora-empty-targets"] = "at least one module",
        ["lora-bad-regex"] = "a regular expression of Python's re",
        ["lora-target-is-a-norm"] = "a linear layer or the embedding",
        ["lora-target-is-a-block"] = "a linear layer or the embedding",
        ["lora-all-excluded"] = "at least one module of the base model",
        ["lora-unknown-init"] = "unknown initialization init_lora_weights='nope'; it must be true,",
        ["lora-bad-niter"] = "init_lora_weights 'pissa_niter_x' needs a whole number at its end, as",
        ["lora-orthogonal-odd"] = "orthogonal initialization requires the LoRA rank to be even, got 3",
        ["lora-mica-rank-too-large"] = "at most 32, the smaller side of [32, 32]",
        ["lora-loftq-without-config"] = "'loftq_config' must be specified when 'init_lora_weights' is 'loftq'",
        ["lora-pattern-without-layers"] = "when 'layers_pattern' is specified, 'layers_to_transform' must also",
        ["lora-layers-with-regex"] = "'layers_to_transform' cannot be used when 'target_modules' is a string",
        ["lora-layer-out-of-range"] = "at least one module of the base model",
        ["lora-unknown-bias"] = "unknown bias 'some'; it must be none, all or lora_only",
        ["lora-dora-with-bias"] = "'lora_bias' is not supported for DoRA",
        ["lora-bias-with-gaussian"] = "'lora_bias' is only supported with init_lora_weights true or false",
        ["lora-bias-without-base-bias-merge"] = "a layer whose model has a bias there, or an adapter without one",
        ["lora-unknown-task-type"] = "invalid task type 'NOPE'; it must be one of SEQ_CLS, SEQ_2_SEQ_LM,",
        ["lora-rank-pattern-0"] = "'r' should be a positive integer value but the value passed is 0",
        ["lora-token-out-of-range"] = "token ids below 96",
        ["lora-unknown-option"] = "adapter.no-such-option: unknown key; valid keys: lora-bias, riemannian,",
        ["lora-no-targets-unknown-model"] = "'target_modules' (there is no default for this model)",
        ["adalora-no-total-step"] = "a positive integer",
        ["adalora-schedule-too-long"] = "the schedule does not allow for a budgeting phase: decrease tfinal or",
        ["adalora-init-r-negative"] = "'init_r' should be a positive integer or 0, but the value passed is -1",
        ["adalora-target-above-init"] = "at most the initial rank (4): the budget only falls",
        ["miss-bat-does-not-divide"] = "a number that divides both 32 outputs and 32 inputs: the weight must",
        ["miss-mini-does-not-divide"] = "a number that divides its 32 outputs",
        ["miss-r-above-in"] = "at most its 32 inputs",
        ["miss-unknown-init"] = "unknown init_weights 'nope'; it must be true, false, bat or mini",
        ["ia3-feedforward-not-a-target"] = "'feedforward_modules' should be a subset of 'target_modules'",
        ["oft-both"] = "you can only specify either r (4) or oft_block_size (8), but not",
        ["oft-neither"] = "either r or oft_block_size must be non-zero",
        ["boft-both"] = "you can only specify either boft_block_size (4) or boft_block_num",
        ["boft-does-not-divide"] = "a number that divides the 32 inputs of",
        ["vblora-does-not-divide"] = "a number that divides the 32 inputs and 32 outputs of",
        ["vblora-topk-above-vectors"] = "at most the 4 vectors",
        ["fourierft-0"] = "'n_frequency' should be a positive integer value but the value passed",
        ["fourierft-too-many"] = "a number from 1 to 1024 (inputs times outputs)",
        ["waveft-unknown-wavelet"] = "db1 or db2: the filters of the others are not built in",
        ["road-does-not-divide"] = "the group_size must be divisible by 2, but got 7",
        ["road-odd-group"] = "the group_size must be divisible by 2, but got 1",
        ["c3a-does-not-divide"] = "a factor of its 32 inputs and 32 outputs",
        ["shira-too-many"] = "r (in + out) at most the layer's 1024 weights",
        ["gralora-does-not-divide"] = "r should be divisible by gralora_k, but got 8 and 3",
        ["tinylora-r-0"] = "'r' should be a positive integer value but the value passed is 0",
        ["tinylora-tying-2"] = "'weight_tying' should be between 0.0 and 1.0 but the value passed is 2",
        ["vera-r-0"] = "'r' should be a positive integer value but the value passed is 0",
        ["trainable-tokens-empty"] = "at least one token id",
        ["merge-nan"] = "finite values",
        ["merge-nan-safe"] = "finite values",
    };

    /// <summary>Let pass in a folder, and said: what the notice names.</summary>
    private static readonly Dictionary<string, string> S_noticed = new()
    {
        ["json-unknown-key"] = "no_such_option",
        ["lora-some-targets-match"] = "no_such_proj",
        ["lora-exclude-hits-nothing"] = "no_such_proj",
        ["lora-modules-to-save-unmatched"] = "no_such_module",
        ["lora-rank-pattern-unmatched"] = "no_such_proj",
    };

    /// <summary>Taken: why that is right.</summary>
    private static readonly Dictionary<string, string> S_taken = new()
    {
        ["json-few-keys"] = "defaults stand for what is left out",
        ["json-other-base"] = "the name is a path on somebody else's machine; shapes decide",
        ["json-newer-version"] = "keys that are new are named",
        ["json-inference-mode-false"] = "it says nothing about the function",
        ["tensors-bf16"] = "every bf16 value is a float",
        ["tensors-with-adapter-name"] = "as older versions wrote it",
        ["lora-pissa-rank-too-large"] = "the file's tensors have the smaller rank; a recipe's rank is refused",
        ["lora-olora-rank-too-large"] = "likewise",
        ["lora-bias-without-base-bias"] = "a function like any other; its merge is refused",
        ["lora-token-negative"] = "counted from the end; a recipe's is refused",
        ["lora-token-twice"] = "the last row counts; a recipe's is refused",
        ["adalora-target-equals-init"] = "nothing is ever masked, as asked",
        ["adalora-no-gradient"] = "a tensor without a gradient has a zero one",
        ["adalora-step-0"] = "the whole budget, no mask",
        ["hra-odd"] = "a trained folder; a recipe's odd rank is refused",
        ["oft-does-not-divide"] = "PEFT keeps the size it was given and adjusts it again on reading; a recipe's is refused",
        ["merge-twice"] = "a merge makes new weights",
        ["unmerge-first"] = "likewise",
        ["save-merged"] = "likewise",
        ["two-adapters-bias-all-none"] = "each adapter has its own biases",
        ["two-adapters-bias-none-all"] = "likewise",
        ["two-adapters-bias-all-all"] = "likewise",
        ["convert-initial-says-pissa"] = "the start is part of the adapter",
        ["convert-rslora"] = "likewise",
        ["convert-rslora-pattern"] = "likewise",
        ["convert-miss-other-rank"] = "the rank that was asked for",
    };

    [Fact]
    public void Every_case_of_the_table_is_refused_or_rightly_taken()
    {
        using var golden = AdapterGolden.OfCase("lora-qv");
        Assert.SkipUnless(golden.Model.Config is { HiddenSize: 32, NumHiddenLayers: 2 },
            "the table's messages hold the sizes of another model");
        using var table = JsonDocument.Parse(File.ReadAllText(Path.Combine(golden.Root, "errors.json")));
        var names = table.RootElement.GetProperty("cases").EnumerateArray().Select(c => c.GetProperty("name").GetString()!).ToList();
        names.Select(name => Fault(golden, name)).Where(fault => fault is not null).ShouldBeEmpty();
        Console.WriteLine(
            $"errors.json: {names.Count} cases; {names.Count(S_refused.ContainsKey)} refused, {names.Count(S_noticed.ContainsKey)} "
            + $"taken with a notice, {names.Count(S_taken.ContainsKey)} taken");
    }

    /// <summary>How a case's outcome departs from the table, or null.</summary>
    private static string? Fault(AdapterGolden golden, string name)
    {
        using var folder = new TempFolder();
        string outcome;
        try
        {
            if (WrongAdapters.Run(golden, name, folder.Path) is not { } notices) return $"{name}: nothing tries it";
            outcome = notices.Count == 0 ? "taken" : "noticed: " + string.Join("; ", notices);
        }
        catch (TenonException e)
        {
            outcome = "refused: " + e.Message;
        }

        var expected = S_refused.TryGetValue(name, out var message) ? "refused: " : S_noticed.TryGetValue(name, out message) ? "noticed: "
            : S_taken.ContainsKey(name) ? "taken" : "?";
        return outcome.StartsWith(expected, StringComparison.Ordinal) && outcome.Contains(message ?? "", StringComparison.Ordinal) ? null
            : $"{name}: {outcome}";
    }
}
