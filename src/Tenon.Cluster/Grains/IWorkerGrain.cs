namespace Tenon.Cluster.Grains;

/// <summary>One worker, called by its silo's address. Nothing of a base model ever travels: only its name and its fingerprint.</summary>
[Alias("tenon.worker")]
internal interface IWorkerGrain : IGrainWithStringKey
{
    /// <summary>Says that the worker lives.</summary>
    [Alias("live")]
    Task<bool> Live();

    /// <summary>What the worker is.</summary>
    [Alias("facts")]
    Task<WorkerFacts> Facts();

    /// <summary>Opens a base model, or says why the worker's is another.</summary>
    [Alias("base"), ResponseTimeout("01:00:00")]
    Task<BaseAnswer> Base(BaseQuestion question);

    /// <summary>Takes a run's adapter, in place of the one before.</summary>
    [Alias("adapter"), ResponseTimeout("00:10:00")]
    Task TakeAdapter(Guid run, string sha256, byte[] snapshot);

    /// <summary>Samples groups of a run.</summary>
    [Alias("sample"), ResponseTimeout("1.00:00:00")]
    Task<ShardAnswer> Sample(ShardRequest request);

    /// <summary>Gives work up.</summary>
    [Alias("drop")]
    Task Drop(Guid work);

    /// <summary>True where the worker sees the same folder: a file in it says the token.</summary>
    [Alias("sees")]
    Task<bool> Sees(string study, string token);

    /// <summary>Runs a study's cell, to its end or until it is asked to stop.</summary>
    [Alias("cell"), ResponseTimeout("365.00:00:00")]
    Task<CellAnswer> Run(CellRequest request);

    /// <summary>Steps that a cell has done.</summary>
    [Alias("steps")]
    Task<int> Steps(Guid work);

    /// <summary>A piece of a file that a cell has left with the worker.</summary>
    [Alias("read")]
    Task<byte[]> Read(Guid work, string path, long offset, int length);

    /// <summary>Deletes what a cell has left.</summary>
    [Alias("forget")]
    Task Forget(Guid work);
}

/// <summary>What a worker is.</summary>
/// <param name="Program">The program's version.</param>
/// <param name="Numerics">Version of its numerics.</param>
/// <param name="Tier">Its processor's tier, on which bf16 depends.</param>
/// <param name="Rules">Version of its rules of judging.</param>
/// <param name="Threads">Threads of all its jobs.</param>
/// <param name="Jobs">Jobs at once.</param>
[GenerateSerializer, Alias("tenon.facts")]
internal sealed record WorkerFacts(string Program, int Numerics, string Tier, int Rules, int Threads, int Jobs);

/// <summary>A base model as a run needs it.</summary>
[GenerateSerializer, Alias("tenon.base")]
internal sealed record BaseQuestion(string Model, string Fingerprint, string Precision)
{
    /// <summary>The question for a MODEL word; files are asked for by their whole path.</summary>
    public static BaseQuestion Of(string model, string fingerprint, Tensors.Precision precision) =>
        new(Path.Exists(model) ? Path.GetFullPath(model) : model, fingerprint, Tensors.Precisions.Word(precision));
}

/// <summary>The fingerprint of the worker's model, or why there is none.</summary>
[GenerateSerializer, Alias("tenon.base-answer")]
internal sealed record BaseAnswer(string? Fingerprint, string? Fault);

/// <summary>Groups of a run to sample.</summary>
/// <param name="Work">What <see cref="IWorkerGrain.Drop"/> names.</param>
/// <param name="Run">The run.</param>
/// <param name="Base">Its model.</param>
/// <param name="Adapter">Fingerprint of the adapter's values; empty for the base alone.</param>
/// <param name="MaxLength">Tokens of the longest sequence.</param>
/// <param name="Concurrency">Sequences alive at a time.</param>
/// <param name="SharePrompts">Whether a group's prompt is computed once.</param>
/// <param name="Speculate">Whether several tokens are tried at a time where few sequences are alive.</param>
/// <param name="Groups">The requests, as JSON.</param>
[GenerateSerializer, Alias("tenon.shard")]
internal sealed record ShardRequest(
    Guid Work, Guid Run, BaseQuestion Base, string Adapter, int MaxLength, int Concurrency, bool SharePrompts, bool Speculate,
    byte[] Groups);

/// <summary>What came of a shard.</summary>
/// <param name="Groups">The completions of each group, as JSON; null where there are none.</param>
/// <param name="NeedsAdapter">True where the worker does not have the adapter.</param>
/// <param name="Fault">What went wrong.</param>
[GenerateSerializer, Alias("tenon.shard-answer")]
internal sealed record ShardAnswer(byte[]? Groups, bool NeedsAdapter = false, string? Fault = null);

/// <summary>A cell of a study.</summary>
/// <param name="Work">What other calls name.</param>
/// <param name="Study">The study's folder.</param>
/// <param name="Shared">True where the worker sees it.</param>
/// <param name="Cell">The cell's name.</param>
/// <param name="Seed">Its seed.</param>
/// <param name="Settings">Its recipe, as JSON.</param>
/// <param name="Home">Where relative paths of the recipe begin.</param>
/// <param name="Patience">Seconds after which a lease that stands still is taken over.</param>
[GenerateSerializer, Alias("tenon.cell")]
internal sealed record CellRequest(
    Guid Work, string Study, bool Shared, string Cell, long Seed, string Settings, string Home, double Patience);

/// <summary>What came of a cell.</summary>
/// <param name="Status">How it went on.</param>
/// <param name="Result">The cell's record, where it has ended.</param>
/// <param name="Files">The files of its run, where the worker does not see the study's folder.</param>
/// <param name="Fault">What ends more than this cell.</param>
[GenerateSerializer, Alias("tenon.cell-answer")]
internal sealed record CellAnswer(CellWord Status, string? Result = null, string[]? Files = null, string? Fault = null);

/// <summary>How work on a cell ended.</summary>
[GenerateSerializer, Alias("tenon.cell-word")]
internal enum CellWord
{
    /// <summary>It has a result.</summary>
    Ended,

    /// <summary>It was asked to stop.</summary>
    Stopped,

    /// <summary>Another process holds it.</summary>
    Busy,

    /// <summary>A fault that is not the cell's own.</summary>
    Failed,
}
