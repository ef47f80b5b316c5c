using System.Globalization;
using System.Runtime.CompilerServices;

namespace Tenon.Tests.Support;

/// <summary>The resident memory of this process by what its mappings are, in 1e6 bytes, as Linux's <c>smaps</c> has them.</summary>
/// <param name="Tensors">Mappings that asked for huge pages: tensors of 2 MiB and more.</param>
/// <param name="Managed">The garbage-collected heap.</param>
/// <param name="Code">Compiled code, whose pages count twice: once to write and once to run.</param>
/// <param name="Files">Assemblies and libraries.</param>
/// <param name="Native">The C library's heap, which holds smaller tensors, too.</param>
/// <param name="Other">The rest: further arenas, stacks, the runtime's own tables.</param>
internal sealed record MemoryKinds(double Tensors, double Managed, double Code, double Files, double Native, double Other)
{
    public double All => Tensors + Managed + Code + Files + Native + Other;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{All:F1} MB: tensors {Tensors:F1}, managed heap {Managed:F1}, code {Code:F1}, files {Files:F1}, native heap {Native:F1}, "
        + $"other {Other:F1}");

    public static MemoryKinds Now()
    {
        var all = Read();
        var own = ManagedHeap(all);
        double Sum(Func<Mapping, bool> kind) => all.Where(kind).Sum(m => m.Resident) / 1000.0;
        bool IsCode(Mapping m) => m.Name.Contains("doublemapper", StringComparison.Ordinal);
        bool IsFile(Mapping m) => m.Name.StartsWith('/') && !IsCode(m);
        bool IsPlain(Mapping m) => m.Name.Length == 0 && !own.Contains(m);
        return new MemoryKinds(Sum(m => IsPlain(m) && m.AsksForHugePages), Sum(own.Contains), Sum(IsCode), Sum(IsFile),
            Sum(m => m.Name == "[heap]"),
            Sum(m => (IsPlain(m) && !m.AsksForHugePages) || (m.Name.StartsWith('[') && m.Name != "[heap]")));
    }

    // The runtime reserves one range for its heap: the mappings without a gap around an object that lies in it.
    private static HashSet<Mapping> ManagedHeap(List<Mapping> all)
    {
        var anObject = new object();
        ulong address;
        unsafe
        {
            address = (ulong)*(nint*)Unsafe.AsPointer(ref anObject);
        }

        var at = all.FindIndex(m => m.Start <= address && address < m.End);
        var (first, last) = (at, at);
        while (first > 0 && all[first - 1].End == all[first].Start && all[first - 1].Name.Length == 0) first--;
        while (last + 1 < all.Count && all[last + 1].Start == all[last].End && all[last + 1].Name.Length == 0) last++;
        GC.KeepAlive(anObject);
        return at < 0 ? [] : [.. all[first..(last + 1)].Where(m => !m.AsksForHugePages)];
    }

    private static List<Mapping> Read()
    {
        var all = new List<Mapping>();
        foreach (var line in File.ReadLines("/proc/self/smaps"))
        {
            var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words[0] == "Rss:") all[^1] = all[^1] with { Resident = long.Parse(words[1], CultureInfo.InvariantCulture) * 1.024 };
            else if (words[0] == "VmFlags:") all[^1] = all[^1] with { AsksForHugePages = words.Contains("hg") };
            else if (!words[0].EndsWith(':'))
            {
                var range = words[0].Split('-');
                ulong Place(int i) => ulong.Parse(range[i], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
                all.Add(new Mapping(Place(0), Place(1), words.Length > 5 ? words[5] : "", 0, false));
            }
        }

        return all;
    }

    private sealed record Mapping(ulong Start, ulong End, string Name, double Resident, bool AsksForHugePages);
}
