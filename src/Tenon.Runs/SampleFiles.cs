using System.Text;
using System.Text.Json.Nodes;

namespace Tenon.Runs;

/// <summary>
/// Writes the files of <c>samples/</c>. They are flushed to the disk with the next checkpoint, as the metrics are: a run that goes on after
/// a power cut makes the steps behind its last checkpoint again, so no step waits for the disk.
/// </summary>
internal sealed class SampleFiles
{
    private readonly List<string> _unflushed = [];

    /// <summary>Writes a step's completions, one JSON line each.</summary>
    public void Write(string path, IEnumerable<JsonObject> lines, string temporaryFolder)
    {
        AtomicFile.Write(path, stream =>
        {
            foreach (var line in lines)
            {
                stream.Write(Encoding.UTF8.GetBytes(line.ToLine()));
                stream.WriteByte((byte)'\n');
            }
        }, temporaryFolder, flush: false);
        _unflushed.Add(path);
    }

    /// <summary>Flushes what was written since the last call.</summary>
    public void Flush()
    {
        foreach (var file in _unflushed.Where(File.Exists)) AtomicFile.SyncFile(file);
        foreach (var folder in _unflushed.Select(file => Path.GetDirectoryName(file)!).Distinct()) AtomicFile.SyncFolder(folder);
        _unflushed.Clear();
    }
}
