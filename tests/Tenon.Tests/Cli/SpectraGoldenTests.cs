using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tenon.Checkpoints;
using Tenon.Tests.Support;
using Tenon.Tests.Tensors.Linalg;

namespace Tenon.Tests.Cli;

/// <summary>The reference's spectra through <c>tenon spectra</c>: to 1e-9, singular values to 1e-13, counts exactly.</summary>
public class SpectraGoldenTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Every_measure_of_the_verb_equals_the_reference(bool all)
    {
        using var folder = new TemporaryFolder();
        using var golden = new GoldenMatrices(LinalgGoldenTests.Folder(all));
        var worst = new Worst();
        var references = golden.Lines("spectral.jsonl").ToDictionary(l => l.GetProperty("id").GetString()!);
        var (weights, updates) = (folder.File("w.safetensors"), folder.File("dw.safetensors"));
        Write(weights, references.Select(r => (r.Key, golden[r.Value, "w"])));
        Write(updates, references.Select(r => (r.Key, golden[r.Value, "dw"])));
        foreach (var k in new[] { "4", "8" })
        {
            var call = Call.Tenon("spectra", weights, "--update", updates, "--json", "--values", "--exact", "--angles", k);
            call.Exit.ShouldBe(0, call.Error);
            var lines = call.Lines.SkipLast(1).Select(l => JsonNode.Parse(l)!).ToDictionary(l => l["module"]!.GetValue<string>());
            lines.Count.ShouldBe(references.Count);
            foreach (var (id, reference) in references)
            {
                See(worst, id, reference, lines[id]);
                var angles = reference.GetProperty("principal_angles").GetProperty(k);
                worst.See("angles, left", id, Doubles(lines[id]["angles_left"]!), Doubles(angles.GetProperty("left")), 1e-9);
                worst.See("angles, right", id, Doubles(lines[id]["angles_right"]!), Doubles(angles.GetProperty("right")), 1e-9);
            }
        }

        worst.Report("spectral.jsonl through the verb");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Singular_values_of_the_verb_equal_the_reference(bool all)
    {
        using var folder = new TemporaryFolder();
        using var golden = new GoldenMatrices(LinalgGoldenTests.Folder(all));
        var worst = new Worst();
        var references = golden.Lines("svd.jsonl").ToDictionary(l => l.GetProperty("matrix").GetString()!);
        var file = folder.File("m.safetensors");
        Write(file, references.Keys.Select(name => (name, golden[name])));

        // Each matrix as its own update: W' = 2 W.
        var call = Call.Tenon("spectra", file, "--update", file, "--json", "--values");
        call.Exit.ShouldBe(0, call.Error);
        foreach (var line in call.Lines.SkipLast(1).Select(l => JsonNode.Parse(l)!))
        {
            var name = line["module"]!.GetValue<string>();
            var expected = Doubles(references[name].GetProperty("singular_values"));
            var tolerance = 1e-13 * Math.Max(expected[0], 1e-300);
            worst.See("values before", name, Doubles(line["values_before"]!), expected, tolerance);
            worst.See("values of the update", name, Doubles(line["values_update"]!), expected, tolerance);
            worst.See("values after", name, Doubles(line["values_after"]!), [.. expected.Select(x => 2 * x)], 2 * tolerance);
            worst.See("shift", name, Math.Abs(line["shift"]!.GetValue<double>() - (expected[0] == 0 ? 0 : 1)), 1e-12);
            worst.See("cosine", name, Math.Abs(line["cosine"]!.GetValue<double>() - (expected[0] == 0 ? 0 : 1)), 1e-12);
        }

        worst.Report("svd.jsonl through the verb");
    }

    private static void See(Worst worst, string id, JsonElement reference, JsonNode line)
    {
        var measures = line["measures"]!;
        foreach (var (key, got) in new (string, JsonNode?)[]
        {
            ("singular_values_w", line["values_before"]), ("singular_values_w2", line["values_after"]),
            ("singular_values_dw", line["values_update"]), ("bins_right", line["energy"]), ("bins_left", line["energy_left"]),
            ("e_right", measures["energy_by_direction"]), ("f_left", measures["energy_by_direction_left"]),
            ("ratio_right", measures["ratio"]), ("ratio_left", measures["ratio_left"]), ("bins_weight", measures["weight"]!["energy"]),
        })
        {
            var expected = Doubles(reference.GetProperty(key));
            worst.See(key, id, Doubles(got!), expected, 1e-9 * expected.Max());
        }

        foreach (var (key, got) in new (string, JsonNode?)[]
        {
            ("nss", line["shift"]), ("relative_frobenius", line["relative"]), ("cosine", line["cosine"]),
            ("effective_rank_dw", line["effective_rank"]), ("stable_rank_dw", line["stable_rank"]),
            ("principal_half_right", line["principal_half"]), ("principal_half_left", measures["principal_half_left"]),
            ("e_total_share", measures["energy_total"]), ("f_total_share", measures["energy_total_left"]),
            ("principal_half_weight", measures["weight"]!["principal_half"]),
            ("effective_rank_w", measures["weight"]!["effective_rank"]), ("stable_rank_w", measures["weight"]!["stable_rank"]),
        })
            One(key, got!, reference.GetProperty(key));
        foreach (var (key, got) in new[] { ("capture_right", "capture"), ("capture_left", "capture_left") })
        {
            foreach (var q in reference.GetProperty(key).EnumerateObject())
            {
                var capture = measures[got]![q.Name]!;
                worst.See($"{key}: k", id, Math.Abs(capture["k"]!.GetValue<int>() - q.Value.GetProperty("k").GetInt32()), 0.5);
                One(key, capture["share"]!, q.Value.GetProperty("share"));
            }
        }

        foreach (var k in reference.GetProperty("explained_dw").EnumerateObject())
            One("explained_dw", measures["explained"]![k.Name]!, k.Value);
        foreach (var k in reference.GetProperty("top_subspace_share").EnumerateObject())
            foreach (var side in k.Value.EnumerateObject()) One("top share", measures["top_share"]![k.Name]![side.Name]!, side.Value);
        foreach (var (key, got) in new[] { ("zero", "zero"), ("abs_1e5", "below_1e-5"), ("rel_1e5", "below_1e-5_of_weight"),
            ("rel_1e3_of_larger", "below_1e-3_of_larger"), ("bf16_unchanged", "same_in_bf16") })
        {
            var same = measures["sparsity"]![got]!.GetValue<double>() == reference.GetProperty("sparsity").GetProperty(key).GetDouble();
            worst.See("sparsity", $"{id} {key}", same ? 0 : 1, 1e-300);
        }

        void One(string key, JsonNode got, JsonElement expected) => worst.See(
            key, id, Math.Abs(got.GetValue<double>() - expected.GetDouble()), 1e-12 + (1e-9 * Math.Abs(expected.GetDouble())));
    }

    private static void Write(string file, IEnumerable<(string Name, Tenon.Tensors.Linalg.Matrix Matrix)> matrices) =>
        SafetensorsWriter.Write(file, matrices.Select(m =>
            SafetensorsEntry.FromDoubles(m.Name, [m.Matrix.Rows, m.Matrix.Columns], m.Matrix.Values.ToArray())));

    private static double[] Doubles(JsonElement array) => [.. array.EnumerateArray().Select(x => x.GetDouble())];

    private static double[] Doubles(JsonNode array) =>
        [.. array.AsArray().Select(x => double.Parse(x!.ToJsonString(), CultureInfo.InvariantCulture))];
}
