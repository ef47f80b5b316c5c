using System.CommandLine;
using Tenon.Cli.Commands.Options;
using Tenon.Models.Generation;
using Tenon.Rollouts;
using Tenon.Text.Prompting;

namespace Tenon.Cli.Commands;

/// <summary>A conversation on the terminal through the model's chat template; an empty line or end of input ends it.</summary>
internal sealed class ChatCommand : Verb
{
    private readonly Argument<string> _model;
    private readonly Option<string?> _adapter;
    private readonly Option<string?> _system;
    private readonly SamplingOptions _sampling;
    private readonly TextOptions _text;
    private readonly ComputeOptions _compute;

    public ChatCommand()
        : base("chat", "talks to a model through its chat template", "tenon chat tiny --adapter runs/quickstart/checkpoints/100",
            "tenon chat MODEL --template-arg enable_thinking=false")
    {
        _model = Add(new Argument<string>("MODEL") { Description = "a Hugging Face folder, a .gguf file, or tiny" });
        _adapter = Add(new Option<string?>("--adapter") { Description = "an adapter folder" });
        _system = Add(new Option<string?>("--system") { Description = "a system message" });
        _sampling = new SamplingOptions(this);
        _text = new TextOptions(this);
        _compute = new ComputeOptions(this);
    }

    protected override int Run(ParseResult call, Terminal terminal)
    {
        _compute.Apply(call);
        var loaded =
            LanguageModel.Open(call.GetValue(_model)!, _compute.Precision(call), arguments: _text.Arguments(call),
            tokenizerPre: _text.Pre(call));
        TextOptions.Tell(loaded.Notices, terminal);
        using var set = call.GetValue(_adapter) is { } folder ? AdapterOpener.Open(loaded.Model, folder, terminal) : null;
        var generator =
            new Generator(loaded.Model,
            new GeneratorOptions
            {
                Sampling = _sampling.Settings(call, loaded.Model.Config.Generation), EndTokens = loaded.EndTokens,
                Precision = _compute.Precision(call)
            });
        var messages = new List<PromptMessage>();
        if (call.GetValue(_system) is { } instructions) messages.Add(new PromptMessage("system", instructions));
        for (uint turn = 0; ; turn++)
        {
            if (terminal.IsOutputLive) terminal.Out.Write("> ");
            terminal.Out.Flush();
            if (terminal.In.ReadLine() is not { Length: > 0 } line) return 0;
            messages.Add(new PromptMessage("user", line));
            var prompt = loaded.Encoder.Encode(messages);
            var limit = Math.Min(_sampling.MaxNewTokens(call), loaded.Model.MaxLength - prompt.Length);
            if (limit < 1)
                throw new TenonException("the conversation", $"at most {loaded.Model.MaxLength} tokens", $"{prompt.Length}",
                    "begin a new one");
            var stream = loaded.Encoder.Completions.Streaming();
            var answer = new System.Text.StringBuilder();
            var made =
                generator.Generate(
                [new GenerationRequest(prompt, 1, limit,
                new RandomPlace(_compute.Seed(call), RandomPurpose.Sampling, 0, turn)) { Adapter = set }], (_, _,
                id) => Say(stream.Add(id)),
                terminal.Interrupt.Token);
            Say(stream.Flush());
            terminal.Out.WriteLine();
            if (!FiniteSample.Is(made[0])) throw FiniteSample.Fault(made[0]);
            messages.Add(new PromptMessage("assistant", answer.ToString()));

            void Say(string part)
            {
                answer.Append(part);
                terminal.Out.Write(part);
                terminal.Out.Flush();
            }
        }
    }
}
