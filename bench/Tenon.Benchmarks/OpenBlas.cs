using System.Runtime.InteropServices;
using Tenon.Tensors.Linalg;

namespace Tenon.Benchmarks;

/// <summary>OpenBLAS as a peer (Debian's <c>libopenblas0</c>): only benchmarks load it.</summary>
internal sealed unsafe class OpenBlas
{
    private readonly delegate* unmanaged<byte*, int*, int*, double*, int*, double*, double*, int*, double*, int*, double*, int*, int*, int*,
        nint, void> _dgesdd;
    private readonly delegate* unmanaged<int, void> _setThreads;
    private readonly delegate* unmanaged<byte*> _coreName;

    private OpenBlas(nint library)
    {
        _dgesdd = (delegate* unmanaged<byte*, int*, int*, double*, int*, double*, double*, int*, double*, int*, double*, int*, int*, int*,
            nint, void>)NativeLibrary.GetExport(library, "dgesdd_");
        _setThreads = (delegate* unmanaged<int, void>)NativeLibrary.GetExport(library, "openblas_set_num_threads");
        _coreName = (delegate* unmanaged<byte*>)NativeLibrary.GetExport(library, "openblas_get_corename");
    }

    /// <summary>The kernels that it chose for this processor.</summary>
    public string CoreName => Marshal.PtrToStringUTF8((nint)_coreName())!;

    /// <summary>Loads the library of this name or path.</summary>
    public static OpenBlas Load(string name) => NativeLibrary.TryLoad(name, out var library) ? new OpenBlas(library)
        : throw new TenonException("OpenBLAS, which singular values are timed beside", $"a library '{name}'", "none that loads",
            "apt-get install libopenblas0, or --library PATH; --library none leaves it out", usage: true);

    /// <summary>Sets its threads.</summary>
    public void SetThreads(int count) => _setThreads(count);

    /// <summary>
    /// dgesdd's singular values of A, with U and Vᵀ economy size where <paramref name="vectors"/>; Fortran sees Aᵀ, as cheap as A.
    /// </summary>
    public double[] Svd(Matrix a, bool vectors)
    {
        int m = a.Columns, n = a.Rows, small = Math.Min(m, n), info, size = -1;
        var values = new double[small];
        var (u, vt) = vectors ? (new double[(long)m * small], new double[(long)small * n]) : (new double[1], new double[1]);
        int ldu = vectors ? m : 1, ldvt = vectors ? small : 1;
        var integers = new int[8 * small];
        var job = (byte)(vectors ? 'S' : 'N');
        var work = new double[1];
        fixed (double* pa = a.Clone().Array, ps = values, pu = u, pvt = vt)
        fixed (int* pi = integers)
        {
            for (var call = 0; call < 2; call++)
            {
                fixed (double* pw = work)
                    _dgesdd(&job, &m, &n, pa, &m, ps, pu, &ldu, pvt, &ldvt, pw, &size, pi, &info, 1);
                if (info != 0) throw new TenonException("dgesdd", "0", $"{info}");
                if (call == 0) work = new double[size = (int)work[0]];
            }
        }

        return values;
    }
}
