using System.Text;
using System.Text.RegularExpressions;
using Tenon.Tests.Support;

namespace Tenon.Tests.Core;

/// <summary>
/// Files that one process writes and another reads: what Linux allows anyhow, and Windows only where both sides say so.
/// </summary>
public partial class SharedFileTests
{
    [Fact]
    public void A_file_is_read_while_it_is_written()
    {
        using var folder = new TempFolder();
        using var writer = new FileStream(folder["lines"], FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);
        writer.Write("one\ntwo\nthr"u8);
        SharedFile.ReadLines(folder["lines"]).ShouldBe(["one", "two", "thr"]);
        SharedFile.ReadText(folder["lines"]).ShouldBe("one\ntwo\nthr");
        SharedFile.ReadBytes(folder["lines"]).ShouldBe("one\ntwo\nthr"u8.ToArray());
    }

    [Fact]
    public void Text_is_utf8_and_loses_its_mark()
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder["text"], "Größe ∑", new UTF8Encoding(encoderShouldEmitUTF8Identifier: true));
        SharedFile.ReadText(folder["text"]).ShouldBe("Größe ∑");
        File.WriteAllBytes(folder["none"], []);
        SharedFile.ReadBytes(folder["none"]).ShouldBeEmpty();
        Should.Throw<FileNotFoundException>(() => SharedFile.ReadText(folder["nothing"]));
        Should.Throw<FileNotFoundException>(() => SharedFile.ReadLines(folder["nothing"]).ToList());
    }

    [Theory]
    [InlineData(@"\bFile\.(ReadLines|ReadAll\w+|OpenRead|OpenText|Open)\(")]
    [InlineData(@"FileAccess\.Read\b(?!\s*,\s*FileShare\.ReadWrite \| FileShare\.Delete)")]
    public void No_reader_locks_a_file_that_another_may_be_writing(string pattern) => Places(pattern)
        // Weights are mapped for the life of a process: who would write into them is to be refused.
        .Where(place => !place.StartsWith("ByteStore.cs", StringComparison.Ordinal)
        && !place.StartsWith("SharedFile.cs", StringComparison.Ordinal)).ShouldBeEmpty();

    [Fact]
    public void Files_have_the_same_bytes_on_every_system()
    {
        Places(@"WriteIndented = true(?![^}]*NewLine = ""\\n"")").ShouldBeEmpty();
        Places(@"Environment\.NewLine|\.AppendLine\(|File\.(WriteAllLines|AppendAllLines|CreateText|AppendText)\(").ShouldBeEmpty();
    }

    [Fact]
    public void A_rename_that_is_refused_is_tried_again_where_a_reader_refuses_it()
    {
        var tries = 0;
        void Rename()
        {
            if (++tries < 3) throw tries == 1 ? new IOException("in use") : new UnauthorizedAccessException("in use");
        }

        AtomicFile.Patiently(Rename, again: true, milliseconds: 0);
        tries.ShouldBe(3);
        Should.Throw<IOException>(() => AtomicFile.Patiently(() => throw new IOException("in use"), again: true, milliseconds: 0));
        tries = 0;
        Should.Throw<IOException>(() => AtomicFile.Patiently(Rename, again: false));
        tries.ShouldBe(1);
        tries = 0;
        Should.Throw<FileNotFoundException>(() => AtomicFile.Patiently(() =>
        {
            tries++;
            throw new FileNotFoundException();
        }, again: true));
        tries.ShouldBe(1);
    }

    private static IEnumerable<string> Places(string pattern) =>
        Directory.GetFiles(Repository.Path("src"), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Split('/', '\\').Any(part => part is "obj" or "bin"))
            .SelectMany(file => Regex.Matches(Comments().Replace(File.ReadAllText(file), ""), pattern)
                .Select(match => $"{Path.GetFileName(file)}: {match.Value}"));

    [GeneratedRegex("//[^\n]*")]
    private static partial Regex Comments();
}
