using System.Buffers.Binary;
using System.Text;
using Tenon.Runs;
using Tenon.Runs.Exports;
using Tenon.Tests.Cli;
using Tenon.Tests.Support;

namespace Tenon.Tests.Runs;

public class ExportTests
{
    [Fact]
    public void Csv_has_a_row_a_step_and_nothing_where_a_step_says_nothing()
    {
        using var folder = new TemporaryFolder();
        var run = Write(folder.File("run"));
        var file = folder.File("out.csv");
        Call.Tenon("report", run, "--csv", file).ShouldSatisfyAllConditions(c => c.Exit.ShouldBe(0), c => c.Lines.ShouldBe([file]));
        var rows = File.ReadAllLines(file).Select(line => line.Split(',')).ToList();
        var (loss, eval) = (Array.IndexOf(rows[0], "loss"), Array.IndexOf(rows[0], "eval/held-out@1"));
        rows.Count.ShouldBe(4);
        rows.Skip(1).Select(row => row[loss]).ShouldBe(["0.1", "", "0.30000000000000004"]);
        rows.Skip(1).Select(row => row[eval]).ShouldBe(["", "", "0.5"]);
        rows.Skip(1).Select(row => row[0]).ShouldBe(["1", "2", "3"]);
    }

    [Fact]
    public void A_tensorboard_file_is_records_with_checksums_and_a_scalar_each()
    {
        using var folder = new TemporaryFolder();
        var run = Write(folder.File("run"));
        var call = Call.Tenon("report", run, "--tensorboard", folder.File("logs"));
        call.Exit.ShouldBe(0, call.Error);
        var records = Records(File.ReadAllBytes(call.Lines.ShouldHaveSingleItem())).ToList();
        Encoding.Latin1.GetString(records[0]).ShouldContain("brain.Event:2");
        var scalars = records.Skip(1).Select(Scalar).ToList();
        scalars.ShouldContain(("run/loss", 1, 0.1f));
        scalars.ShouldContain(("run/loss", 3, 0.3f));
        scalars.ShouldNotContain(s => s.Tag == "run/loss" && s.Step == 2);
        scalars.ShouldContain(("eval/held-out@1", 3, 0.5f));
        scalars.ShouldContain(("time/time_s", 2, 2f));
    }

    [Fact]
    public void The_checksum_is_the_castagnoli_one_that_tfrecord_masks()
    {
        // RFC 3720, B.4: 32 bytes of zeros have CRC-32C 8a9136aa.
        const uint Crc = 0x8a9136aa;
        TensorBoardExport.Masked(new byte[32]).ShouldBe(Mask(Crc));
        Slow(new byte[32]).ShouldBe(Crc);
    }

    private static IEnumerable<byte[]> Records(byte[] file)
    {
        for (var at = 0; at < file.Length;)
        {
            var length = (int)BinaryPrimitives.ReadUInt64LittleEndian(file.AsSpan(at));
            Mask(Slow(file[at..(at + 8)])).ShouldBe(BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at + 8)));
            var data = file[(at + 12)..(at + 12 + length)];
            Mask(Slow(data)).ShouldBe(BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at + 12 + length)));
            yield return data;
            at += 16 + length;
        }
    }

    // An event as protocol buffers lay it out: field 1 double, 2 varint, 5 { 1 { 1 text, 2 float } }; all lengths here are below 128.
    private static (string Tag, int Step, float Value) Scalar(byte[] e)
    {
        e[0].ShouldBe((byte)9);
        e[9].ShouldBe((byte)16);
        var tag = e[16];
        return (Encoding.UTF8.GetString(e, 17, tag), e[10], BinaryPrimitives.ReadSingleLittleEndian(e.AsSpan(18 + tag)));
    }

    private static uint Mask(uint crc) => unchecked(((crc >> 15) | (crc << 17)) + 0xa282ead8);

    private static uint Slow(byte[] data)
    {
        var crc = uint.MaxValue;
        foreach (var b in data)
        {
            crc ^= b;
            for (var bit = 0; bit < 8; bit++) crc = (crc & 1) != 0 ? (crc >> 1) ^ 0x82f63b78 : crc >> 1;
        }

        return ~crc;
    }

    private static string Write(string path)
    {
        using var run = RunFolder.Create(path, new RunDescription { Recipe = [], Started = "2026-12-01T10:00:00Z" });
        using var log = new MetricsLog(run.MetricsFile);
        for (var step = 1; step <= 3; step++)
        {
            var metrics = new StepMetrics(step) { [StepMetric.Time] = step, [StepMetric.Loss] = step == 2 ? double.NaN : 0.1 * step };
            if (step == 3) metrics[StepMetric.Evaluation["held-out@1"]] = 0.5;
            log.Append(metrics);
        }

        return path;
    }
}
