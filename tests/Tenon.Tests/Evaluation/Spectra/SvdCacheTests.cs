using Tenon.Evaluation.Spectra;
using Tenon.Tensors.Linalg;
using Tenon.Tests.Support;

namespace Tenon.Tests.Evaluation.Spectra;

/// <summary>Kept decompositions are those that were made; what is harmed is not used; threads and processes may share a folder.</summary>
public class SvdCacheTests
{
    private static readonly SpectraSettings S_whole = new();
    private static readonly SpectraSettings S_first = new() { Decomposition = Decomposition.Randomized, Top = 3 };

    [Fact]
    public void A_kept_decomposition_has_the_same_bits()
    {
        using var folder = new TemporaryFolder();
        var w = Random(9, 5, 7);
        foreach (var settings in new[] { S_whole, S_first })
        {
            var cache = new SvdCache(folder.File("svd"));
            var made = cache.Of(w, settings);
            cache.Written.ShouldBeGreaterThan(0);
            var again = new SvdCache(folder.File("svd"));
            var kept = again.Of(w, settings);
            again.Written.ShouldBe(0);
            again.Found.ShouldBe(1);
            kept.Svd.U.Values.ToArray().ShouldBe(made.Svd.U.Values.ToArray());
            kept.Svd.S.ShouldBe(made.Svd.S);
            kept.Svd.Vt.Values.ToArray().ShouldBe(made.Svd.Vt.Values.ToArray());
            (kept.ValueError, kept.RangeError, kept.Directions, kept.IsWhole)
                .ShouldBe((made.ValueError, made.RangeError, made.Directions, made.IsWhole));
        }

        // The first three directions are not taken for the whole, nor another seed's for this one's.
        Directory.GetFiles(folder.File("svd")).Length.ShouldBe(2);
        new SvdCache(folder.File("svd")).Of(w, S_first with { Seed = 1 });
        Directory.GetFiles(folder.File("svd")).Length.ShouldBe(3);
    }

    [Fact]
    public void A_file_that_is_cut_or_changed_is_made_anew()
    {
        using var folder = new TemporaryFolder();
        var w = Random(9, 5, 7);
        var made = new SvdCache(folder.File("svd")).Of(w, S_whole);
        var file = Directory.GetFiles(folder.File("svd")).ShouldHaveSingleItem();
        var whole = File.ReadAllBytes(file);
        List<byte[]> harmed = [[], whole[..20], whole[..^1], [.. whole, 0]];
        foreach (var place in new[] { 0, 15, whole.Length / 2, whole.Length - 1 })
        {
            var changed = (byte[])whole.Clone();
            changed[place] ^= 1;
            harmed.Add(changed);
        }

        foreach (var bytes in harmed)
        {
            File.WriteAllBytes(file, bytes);
            var cache = new SvdCache(folder.File("svd"));
            cache.Of(w, S_whole).Svd.S.ShouldBe(made.Svd.S);
            cache.Written.ShouldBeGreaterThan(0);
            File.ReadAllBytes(file).ShouldBe(whole);
        }
    }

    [Fact]
    public void Several_at_once_write_whole_files_and_what_a_killed_one_left_is_cleared()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.File("svd"));
        var (old, young) = (folder.File("svd/.a.svd.1.tmp"), folder.File("svd/.b.svd.2.tmp"));
        File.WriteAllText(old, "half");
        File.WriteAllText(young, "half");
        File.SetLastWriteTimeUtc(old, DateTime.UtcNow.AddDays(-2));
        Matrix[] weights = [.. Enumerable.Range(0, 4).Select(i => Random(8, 6, (ulong)i))];
        Parallel.For(0, 16, i => new SvdCache(folder.File("svd")).Of(weights[i % 4], S_whole));
        File.Exists(old).ShouldBeFalse();
        File.Exists(young).ShouldBeTrue();
        var cache = new SvdCache(folder.File("svd"));
        foreach (var w in weights) cache.Of(w, S_whole);
        cache.Found.ShouldBe(4);
    }

    private static Matrix Random(int rows, int columns, ulong seed)
    {
        var (result, key) = (new Matrix(rows, columns), new RandomKey(seed));
        for (var i = 0; i < result.Values.Length; i++) result.Values[i] = key.Normal(RandomPurpose.Task, 0, 0, 0, (uint)i);
        return result;
    }
}
