using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tenon.Adapters;
using Tenon.Checkpoints;
using Tenon.Cli.Commands.Lines;
using Tenon.Cli.Commands.Options;
using Tenon.Models.Layers;
using Tenon.Rollouts;
using Tenon.Tensors;
using Tenon.Tensors.Ops;
using Tenon.Text.Prompting;

namespace Tenon.Cli.Commands;

/// <summary>Log-probabilities and entropies of given tokens; on request hidden states, logits and gradients.</summary>
internal sealed class ScoreCommand : Verb
{
    private readonly Argument<string> _model;
    private readonly Option<string?> _adapter;
    private readonly Option<string> _input;
    private readonly Option<string?> _output;
    private readonly Option<string?> _gradients;
    private readonly Option<bool> _rendered;
    private readonly TextOptions _text;
    private readonly ComputeOptions _compute;

    public ScoreCommand()
        : base("score", "log-probabilities and entropies of given tokens or texts", "tenon score tiny --input lines.jsonl",
        "tenon score MODEL --adapter DIR --input lines.jsonl --output states.safetensors")
    {
        _model = Add(new Argument<string>("MODEL") { Description = "a Hugging Face folder, a .gguf file, or tiny" });
        _adapter = Add(new Option<string?>("--adapter") { Description = "an adapter folder" });
        _input =
            Add(new Option<string>("--input",
            "-i")
            {
                Description =
            "JSONL (- for standard input): {\"ids\":[...]} or {\"prompt\":\"...\",\"completion\":\"...\"}, optional prompt_length, "
            + "temperature, weights", Required = true
            });
        _output =
            Add(new Option<string?>("--output", "-o") { Description = "writes N.hidden (after the final norm) and N.logits of each line" });
        _gradients =
            Add(new Option<string?>(
            "--gradients")
            { Description = "writes the gradient of -sum(weights * logp) over all lines for every trainable tensor" });
        _rendered =
            Add(new Option<bool>("--rendered")
            {
                Description =
            "the prompts are a chat template's output already: no begin token is added (a line says it for itself by \"rendered\": true)"
            });
        _text = new TextOptions(this, template: false);
        _compute = new ComputeOptions(this);
    }

    private sealed record Line(int[] Ids, int Start, double Temperature, double[]? Weights);

    protected override int Run(ParseResult call, Terminal terminal)
    {
        _compute.Apply(call);
        var source = call.GetValue(_model)!;
        var file = call.GetValue(_input)!;
        var encoder = new Lazy<PromptEncoder>(() => PromptEncoder.Of(_text.Open(call, source, terminal), false));
        var prompts = new PromptText(encoder, call.GetValue(_rendered), terminal);
        var lines = JsonLines.Objects(file, terminal).Select(line => Read(line.Json, line.Where, prompts)).ToList();
        var loaded = LanguageModel.OpenWeights(source, _compute.Precision(call), lines.Max(l => l.Ids.Length));
        TextOptions.Tell(loaded.Notices, terminal);
        var path = call.GetValue(_gradients);
        using var set = call.GetValue(_adapter) is { } folder ? AdapterOpener.Open(loaded.Model, folder, terminal)
            : path is not null ? AdapterMethod.Of(AdapterSettings.Whole.Method).Create(loaded.Model, AdapterSettings.Whole) : null;
        var tensors = new List<SafetensorsEntry>();
        var tape = new Tape(null, _compute.Precision(call));
        for (var i = 0; i < lines.Count; i++)
        {
            terminal.Interrupt.Token.ThrowIfCancellationRequested();
            var answer = Score(loaded.Model, set, tape, lines[i], i, call.GetValue(_output) is not null ? tensors : null, path is not null);
            JsonLines.Write(terminal, answer);
            if (answer["sum"] is null)
                terminal.Error.WriteLine(
                    $"note: line {i + 1}: {answer["logp"]!.AsArray().Count(v => v is null)} of {answer["logp"]!.AsArray().Count} "
                    + $"log-probabilities are no finite numbers (null): "
                    + "the model or the adapter gives no finite logits");
        }

        if (call.GetValue(_output) is { } states) SafetensorsWriter.Write(states, tensors);
        if (path is not null) WriteGradients(path, set!, call.GetValue(_adapter) is not null);
        return 0;
    }

    private static Line Read(JsonElement json, string where, PromptText prompts)
    {
        var start = JsonLines.Whole(json, "prompt_length", where) ?? 1;
        int[] ids;
        if (JsonLines.Ids(json, where) is { } given) ids = given;
        else if (JsonLines.Text(json, "prompt", where) is { } prompt && JsonLines.Text(json, "completion", where) is { } completion)
        {
            var before = prompts.Encode(prompt, prompts.IsRendered(json, where));
            ids = [.. before, .. prompts.EncodeAnswer(completion)];
            start = Math.Max(1, before.Length);
        }
        else throw new TenonException(where, "ids, or prompt and completion", "neither", usage: true);

        if (ids.Length == 0) throw new TenonException(where, "at least one id", "none", usage: true);
        if (start < 1 || start > ids.Length)
            throw new TenonException($"{where}: prompt_length", $"1 to {ids.Length}", $"{start}", usage: true);
        var temperature = JsonLines.Number(json, "temperature", where) ?? 1;
        if (!(temperature > 0)) throw new TenonException($"{where}: temperature", "above 0", $"{temperature}", usage: true);
        var weights = JsonLines.Numbers(json, "weights", where);
        if (weights is not null && weights.Length != ids.Length - start)
            throw new TenonException($"{where}: weights", $"{ids.Length - start}, one for each scored token", $"{weights.Length}",
                usage: true);
        return new Line(ids, start, temperature, weights);
    }

    private static JsonObject Score(Tenon.Models.CausalModel model, AdapterSet? set, Tape tape, Line line, int index,
        List<SafetensorsEntry>? states, bool backward)
    {
        var count = line.Ids.Length - line.Start;
        foreach (var id in line.Ids)
            if ((uint)id >= (uint)model.Config.VocabSize)
                throw new TenonException($"id of line {index}", $"0 to {model.Config.VocabSize - 1}", $"{id}", usage: true);
        tape.Reset();
        tape.Recording = backward;
        var batch = TokenBatch.Of(line.Ids, [new TokenRun(0, line.Ids.Length, 0)], set);
        var hidden = model.Forward(tape, batch);
        if (states is not null)
        {
            states.Add(SafetensorsEntry.FromFloats($"{index}.hidden", [line.Ids.Length, model.Config.HiddenSize], hidden.ToArray()));
            states.Add(
                SafetensorsEntry.FromFloats($"{index}.logits", [line.Ids.Length, model.Config.VocabSize], Logits(model, hidden, batch)));
        }

        float[] logp = [], entropy = [];
        if (count > 0)
        {
            var rows = Enumerable.Range(line.Start - 1, count).ToArray();
            var head = model.LogProbabilities(tape, tape.SelectRows(hidden, rows), line.Ids[line.Start..], batch, line.Temperature);
            (logp, entropy) = (head.LogProbabilities, head.Entropies);
            if (backward) head.Backward([.. Enumerable.Range(0, count).Select(i => (float)-(line.Weights?[i] ?? 1))]);
        }

        tape.Reset();
        return new JsonObject
        {
            ["logp"] = JsonLines.Array(logp), ["entropy"] = JsonLines.Array(entropy),
            ["sum"] = JsonLines.Finite(logp.Sum(v => (double)v))
        };
    }

    private static float[] Logits(Tenon.Models.CausalModel model, Tensor hidden, TokenBatch batch)
    {
        var result = new float[hidden.Rows * model.Config.VocabSize];
        var tape = new Tape();
        const int chunk = 64;
        for (nint first = 0; first < hidden.Rows; first += chunk)
        {
            var rows = Math.Min(chunk, hidden.Rows - first);
            model.Logits(tape, tape.Rows(hidden, first, rows), batch).CopyTo(result.AsSpan((int)first * model.Config.VocabSize));
            tape.Reset();
        }

        return result;
    }

    private static void WriteGradients(string path, AdapterSet set, bool asAdapter)
    {
        const string prefix = "base_model.model.";
        SafetensorsWriter.Write(path, set.Tensors.DistinctBy(t => t.Name).Where(t => t.Tensor.Trainable).Select(t =>
            SafetensorsEntry.FromFloats(asAdapter ? t.Name
            : t.Name[prefix.Length..], t.Tensor.Dimensions, t.Tensor.GradientOrZero().ToArray())));
    }
}
