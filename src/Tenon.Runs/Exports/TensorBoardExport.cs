// TensorBoard's event file: records of (length, masked CRC-32C of the length, bytes, masked CRC-32C of the bytes), each an Event of
// tensorflow/core/util/event.proto: wall_time = 1 (double), step = 2 (int64), file_version = 3 (string), summary = 5 with value = 1 of
// tag = 1 (string) and simple_value = 2 (float). Written by hand: scalars need no more of protocol buffers than this.
using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Text;

namespace Tenon.Runs.Exports;

/// <summary>A run's metrics as a TensorBoard event file.</summary>
public static class TensorBoardExport
{
    /// <summary>
    /// Writes <c>events.out.tfevents.SECONDS.tenon</c> into a folder; gives its path. Metrics of one kind share a tab (<c>reward/...</c>,
    /// <c>eval/...</c>).
    /// </summary>
    public static string Write(RunReader run, string folder)
    {
        var begin = Start(run);
        var path = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"events.out.tfevents.{(long)begin}.tenon"));
        AtomicFile.Write(path, stream => Write(run, begin, stream));
        return path;
    }

    /// <summary>Writes the records of a run that began at a time in Unix seconds.</summary>
    public static void Write(RunReader run, double begin, Stream stream)
    {
        Record(stream, Event(begin, 0, file => Text(file, 3, "brain.Event:2")));
        var time = begin;
        foreach (var step in run.Steps)
        {
            if (double.IsFinite(step[StepMetric.Time])) time += step[StepMetric.Time];
            foreach (var (metric, value) in step)
                if (double.IsFinite(value)) Record(stream, Event(time, step.Step, file => Bytes(file, 5, Scalar(metric, value))));
        }
    }

    private static byte[] Scalar(Metric metric, double value)
    {
        using var inner = new MemoryStream();
        Text(inner, 1, metric.Name.Contains('/', StringComparison.Ordinal) ? metric.Name
            : $"{(metric.IsTime ? "time" : "run")}/{metric.Name}");
        inner.WriteByte((2 << 3) | 5);
        Span<byte> four = stackalloc byte[4];
        BinaryPrimitives.WriteSingleLittleEndian(four, (float)value);
        inner.Write(four);
        using var summary = new MemoryStream();
        Bytes(summary, 1, inner.ToArray());
        return summary.ToArray();
    }

    private static byte[] Event(double time, long step, Action<Stream> what)
    {
        using var file = new MemoryStream();
        file.WriteByte((1 << 3) | 1);
        Span<byte> eight = stackalloc byte[8];
        BinaryPrimitives.WriteDoubleLittleEndian(eight, time);
        file.Write(eight);
        file.WriteByte(2 << 3);
        Varint(file, (ulong)step);
        what(file);
        return file.ToArray();
    }

    private static void Record(Stream stream, byte[] data)
    {
        Span<byte> head = stackalloc byte[12];
        BinaryPrimitives.WriteUInt64LittleEndian(head, (ulong)data.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(head[8..], Masked(head[..8]));
        stream.Write(head);
        stream.Write(data);
        Span<byte> tail = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(tail, Masked(data));
        stream.Write(tail);
    }

    /// <summary>CRC-32C (Castagnoli), turned by 15 bits and moved by a constant, as TFRecord stores it.</summary>
    internal static uint Masked(ReadOnlySpan<byte> data)
    {
        var crc = uint.MaxValue;
        foreach (var b in data) crc = BitOperations.Crc32C(crc, b);
        return BitOperations.RotateRight(~crc, 15) + 0xa282ead8u;
    }

    private static void Text(Stream stream, int field, string text) => Bytes(stream, field, Encoding.UTF8.GetBytes(text));

    private static void Bytes(Stream stream, int field, byte[] bytes)
    {
        stream.WriteByte((byte)((field << 3) | 2));
        Varint(stream, (ulong)bytes.Length);
        stream.Write(bytes);
    }

    private static void Varint(Stream stream, ulong value)
    {
        for (; value >= 0x80; value >>= 7) stream.WriteByte((byte)(value | 0x80));
        stream.WriteByte((byte)value);
    }

    private static double Start(RunReader run) =>
        DateTimeOffset.TryParse(run.Run.Started, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var started)
        ? started.ToUnixTimeSeconds() : 0;
}
