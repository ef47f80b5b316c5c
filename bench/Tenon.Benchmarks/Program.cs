using BenchmarkDotNet.Running;

namespace Tenon.Benchmarks;

internal static class Program
{
    private static int Main(string[] args)
    {
        if (args is ["methods", ..]) return MethodCosts.Command().Parse(args[1..]).Invoke();
        if (args is ["svd", ..]) return SvdBenchmark.Command().Parse(args[1..]).Invoke();
        if (args is ["llama", ..]) return LlamaPeer.Command().Parse(args[1..]).Invoke();
        if (args is ["verifier", ..]) return VerifierTimes.Command().Parse(args[1..]).Invoke();
        if (args is ["coverage", ..]) return IntervalCoverage.Command().Parse(args[1..]).Invoke();
        BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
        return 0;
    }
}
