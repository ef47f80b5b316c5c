using BenchmarkDotNet.Attributes;
using Tenon.Text.Tokenizers;

namespace Tenon.Benchmarks;

/// <summary>
/// Encoding of one long piece that no rule cuts (letters without a space), and of ordinary prose, in characters a second. TENON_TOKENIZER
/// names a folder
/// with tokenizer.json (Qwen3's, Llama 3's ...); without it the byte-level tokenizer, which has no merges, shows the cost of everything
/// else.
/// </summary>
[MemoryDiagnoser]
public class TokenizerBenchmark
{
    private ITokenizer _tokenizer = null!;
    private string _piece = "";
    private string _prose = "";

    /// <summary>Length of the text in characters.</summary>
    [Params(1_000, 100_000)]
    public int Characters { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _tokenizer = Environment.GetEnvironmentVariable("TENON_TOKENIZER") is { Length: > 0 } folder
            ? TokenizerSource.Open(folder).Tokenizer : TokenizerSource.ByteLevel().Tokenizer;
        var random = new Random(1);
        const string Letters = "eeeeeetttttaaaaooooiiiinnnnsssshhhhrrrrddlluuccmmwwffggyyppbbvk";
        string Word(int length) => new([.. Enumerable.Range(0, length).Select(_ => Letters[random.Next(Letters.Length)])]);
        _piece = Word(Characters);
        _prose = string.Concat(Enumerable.Range(0, Characters / 2).Select(_ => Word(1 + random.Next(7)) + " "))[..Characters];
    }

    [Benchmark]
    public int OnePiece() => _tokenizer.Encode(_piece).Length;

    [Benchmark]
    public int Prose() => _tokenizer.Encode(_prose).Length;
}
