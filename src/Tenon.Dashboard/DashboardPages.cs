using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Dashboard;
using Orleans.Serialization;
using Tenon.Cluster;

namespace Tenon.Dashboard;

/// <summary>
/// Orleans' own dashboard (Microsoft.Orleans.Dashboard) in a worker's process: silos, grains, calls and their times. It only reads; the
/// stream of the log is left out.
/// </summary>
internal sealed class DashboardPages : IClusterPages
{
    /// <inheritdoc/>
    public void Join(ISiloBuilder silo)
    {
        AspNetRuntime.Require();
        AddTo(silo);
    }

    /// <inheritdoc/>
    public void Serve(IHostBuilder host, PagesDoor door, Socket port)
    {
        AspNetRuntime.Require();
        AddTo(host, door, port);
    }

    // Methods of their own: their types are looked for when they are compiled, and by then ASP.NET can be found.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void AddTo(ISiloBuilder silo)
    {
        silo.AddDashboard(options => options.HideTrace = true);
        // Counting does not wait to be switched on by another worker's dashboard: some may have none.
        silo.Configure<GrainProfilerOptions>(options => options.TraceAlways = true);
        silo.Services.AddSerializer(serializer => serializer.AddAssembly(typeof(DashboardOptions).Assembly));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void AddTo(IHostBuilder host, PagesDoor door, Socket port) => host.ConfigureWebHost(web =>
    {
        web.UseKestrel(server =>
        {
            server.AddServerHeader = false;
            server.Listen(door.Address, at =>
            {
                if (door.Certificate is not null) at.UseHttps(door.Certificate);
            });
        });
        web.ConfigureServices(services =>
        {
            services.Configure<SocketTransportOptions>(transport => transport.CreateBoundListenSocket = _ => port);
            services.AddRouting();
            // A page of another site that has its name point to this machine is no reader of these.
            services.AddHostFiltering(options =>
                options.AllowedHosts = door.Certificate is null ? ["localhost", "127.0.0.1", "[::1]"] : ["*"]);
        });
        web.Configure(pages =>
        {
            pages.Use(next => context => Answer(context, next, door));
            pages.UseHostFiltering();
            pages.UseRouting();
            pages.UseEndpoints(places => places.MapOrleansDashboard());
        });
    });

    private static Task Answer(HttpContext context, RequestDelegate next, PagesDoor door)
    {
        context.Response.Headers[PagesDoor.Header] = door.Cluster;
        if (door.Password is null || IsReader(context.Request.Headers.Authorization, door.Password)) return next(context);
        context.Response.StatusCode = StatusCodes.Status401Unauthorized;
        context.Response.Headers.WWWAuthenticate = "Basic realm=\"tenon\", charset=\"UTF-8\"";
        return Task.CompletedTask;
    }

    private static bool IsReader(string? authorization, string password) => CryptographicOperations.FixedTimeEquals(
        Encoding.UTF8.GetBytes(authorization ?? ""),
        Encoding.UTF8.GetBytes("Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{PagesDoor.User}:{password}"))));
}
