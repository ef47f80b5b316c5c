namespace Tenon;

/// <summary>The tags between which reasoning models think; a tokenizer may keep them as special tokens.</summary>
public static class ThinkTags
{
    // R1, Qwen and most others; prompts in the manner of Claude; EXAONE; GRPO examples; Magistral; Seed; LongCat; Command A; OpenThinker.
    private static readonly (string Open, string Close)[] S_all =
    [
        ("<think>", "</think>"),
        ("<thinking>", "</thinking>"),
        ("<thought>", "</thought>"),
        ("<reasoning>", "</reasoning>"),
        ("[THINK]", "[/THINK]"),
        ("<seed:think>", "</seed:think>"),
        ("<longcat_think>", "</longcat_think>"),
        ("<|START_THINKING|>", "<|END_THINKING|>"),
        ("<|begin_of_thought|>", "<|end_of_thought|>"),
    ];

    /// <summary>Opening and closing tags.</summary>
    public static IReadOnlyList<(string Open, string Close)> All => S_all;
}
