namespace Tenon;

/// <summary>What a random number is for. The values are part of every run's numbers: never change or reuse one.</summary>
public enum RandomPurpose
{
    /// <summary>Initial values of adapter tensors.</summary>
    AdapterInit = 1,

    /// <summary>The order of the training data.</summary>
    DataOrder = 2,

    /// <summary>The tokens of a rollout.</summary>
    Sampling = 3,

    /// <summary>Generated problems.</summary>
    Task = 4,

    /// <summary>The tokens of an evaluation.</summary>
    Evaluation = 5,

    /// <summary>Resampling for confidence intervals.</summary>
    Bootstrap = 6,

    /// <summary>Initial values of a model that is trained from nothing.</summary>
    ModelInit = 7,

    /// <summary>Dropout masks.</summary>
    Dropout = 8,

    /// <summary>Random starts and probes of decompositions.</summary>
    Sketch = 9,

    /// <summary>Which source and which level the next problem comes from.</summary>
    DataMix = 10,

    /// <summary>Whether a problem is taken that the run remembers.</summary>
    PromptMemory = 11,

    /// <summary>Which groups are trained on again.</summary>
    Replay = 12,

    /// <summary>Which verdicts are turned round on purpose.</summary>
    RewardNoise = 13,
}
