using System.CommandLine;
using System.Runtime.CompilerServices;
using Tenon.Cli.Commands.Options;
using Tenon.Cluster;
using Tenon.Cluster.Workers;

namespace Tenon.Cli.Commands;

/// <summary><c>tenon worker</c>: takes part in a cluster until it is interrupted.</summary>
internal sealed class WorkerCommand : Verb
{
    private readonly ClusterOption _cluster;
    private readonly Option<string?> _listen;
    private readonly Option<int?> _port;
    private readonly Option<int?> _threads;
    private readonly Option<int> _jobs;
    private readonly Option<string[]> _models;
    private readonly Option<string?> _dashboard;

    public WorkerCommand()
        : base("worker", "takes part in a cluster: samples rollouts of runs and runs cells of studies until it is interrupted",
            "tenon worker --cluster 127.0.0.1:7700",
            "tenon worker --cluster 127.0.0.1:7700 --dashboard 8080",
            "tenon worker --cluster 10.0.0.1:7700 --listen 10.0.0.2 --secret-file secret")
    {
        _cluster = new ClusterOption(this, "the cluster (127.0.0.1:7700 by default); the worker at that address begins it");
        _listen = Add(new Option<string?>("--listen")
        {
            Description = "the address that other machines reach this worker by; by default it is reached from this machine alone",
        });
        _port = Add(new Option<int?>("--port")
        {
            Description = "its port, and the one after it; any that are free by default",
        });
        _threads = Add(new Option<int?>("--threads") { Description = "threads of all its jobs; all cores by default" });
        _jobs = Add(new Option<int>("--jobs") { Description = "jobs at once", DefaultValueFactory = _ => 1 });
        _models = Add(new Option<string[]>("--model")
        {
            Description = "a MODEL that it offers to runs with the same base, wherever they have it; may be given several times",
        });
        _dashboard = Add(new Option<string?>("--dashboard")
        {
            Description = "the port on this machine, or ADDRESS:PORT, that Orleans' dashboard is shown at; needs ASP.NET's runtime",
            HelpName = "PORT",
        });
    }

    protected override int Run(ParseResult call, Terminal terminal)
    {
        var (threads, jobs, port) = (call.GetValue(_threads) ?? Environment.ProcessorCount, call.GetValue(_jobs), call.GetValue(_port));
        if (threads is < 1 or > 1024) throw new TenonException("--threads", "1 to 1024", $"{threads}", usage: true);
        if (jobs is < 1 or > 1024) throw new TenonException("--jobs", "1 to 1024", $"{jobs}", usage: true);
        if (port is < 1 or > 65534) throw new TenonException("--port", "1 to 65534", $"{port}", usage: true);
        var offer = new WorkerOffer { Threads = threads, Jobs = jobs, Models = call.GetValue(_models) ?? [] };
        var settings = _cluster.Settings(call);
        if (call.GetValue(_dashboard) is { } dashboard) settings = (settings with { Dashboard = dashboard }).Require();
        using var worker = ClusterWorker.Start(settings, offer, call.GetValue(_listen), port,
            settings.Dashboard is null ? null : Pages());
        terminal.Interrupt.Message = "finishing what is begun (once more: stop now)";
        terminal.Error.WriteLine($"worker {worker.Address}: {threads} threads, {jobs} {(jobs == 1 ? "job" : "jobs")} at once");
        if (worker.Door is { } door) terminal.Error.WriteLine(Words(door, worker.ServesPages));
        var lost = ((IAsyncResult)worker.Lost).AsyncWaitHandle;
        if (WaitHandle.WaitAny([terminal.Interrupt.Token.WaitHandle, lost]) == 0) return 0;
        throw new TenonException($"the worker at {worker.Address}", "a place in the cluster", worker.Lost.Result,
            "what it did is done by others; start it again");
    }

    // Loads the room of the pages, and only where they are asked for.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Tenon.Dashboard.DashboardPages Pages() => new();

    private static string Words(PagesDoor door, bool serves) => $"dashboard {door.Url}" + (serves, door.Password) switch
    {
        (false, _) => ": another worker of the cluster shows it",
        (true, { } password) => $": user {PagesDoor.User}, password {password}",
        _ => "",
    };
}
