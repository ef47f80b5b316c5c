using System.Collections.Concurrent;
using Tenon.Cluster.Grains;
using Tenon.Tensors;

namespace Tenon.Cluster.Rollouts;

/// <summary>The workers that may work on a run: those with its base, its numerics, its rules. Others are told once, by name.</summary>
internal sealed class RunWorkers(ClusterClient cluster, BaseQuestion question, Precision precision, Action<string> remark)
{
    // Opening a large base takes a while; a run does not wait for it forever before it begins alone.
    private static readonly TimeSpan S_first = TimeSpan.FromSeconds(60);

    // A worker that failed is tried again after this.
    private const long Pause = 10_000;

    private readonly ConcurrentDictionary<string, string?> _answers = [];
    private readonly HashSet<string> _asked = [];
    private readonly Dictionary<string, long> _away = [];
    private readonly ConcurrentQueue<string> _news = [];
    private bool _begun;

    public BaseQuestion Question => question;

    /// <summary>The workers that can be given work now.</summary>
    /// <exception cref="TenonException">Every worker is refused.</exception>
    public IEnumerable<Worker> Usable()
    {
        foreach (var worker in cluster.Workers)
            if (_asked.Add(worker.Key)) _ = Ask(worker);
        if (!_begun) AwaitFirst();
        while (_news.TryDequeue(out var text)) remark(text);
        var now = Environment.TickCount64;
        return cluster.Workers.Where(worker => !worker.IsGone && _answers.TryGetValue(worker.Key, out var refusal) && refusal is null
            && _away.GetValueOrDefault(worker.Key) <= now);
    }

    /// <summary>Gives a worker no work for a while.</summary>
    public void Distrust(Worker worker) => _away[worker.Key] = Environment.TickCount64 + Pause;

    private void AwaitFirst()
    {
        _begun = true;
        var until = Environment.TickCount64 + (long)S_first.TotalMilliseconds;
        while (!_asked.All(_answers.ContainsKey) && Environment.TickCount64 < until) Thread.Sleep(10);
        if (_answers.Count > 0 && _answers.Values.All(refusal => refusal is not null))
            throw new TenonException("the cluster", "at least one worker that can work on this run",
                string.Join("; ", _news.Select(text => text.ReplaceLineEndings(" "))), usage: true);
    }

    private async Task Ask(Worker worker)
    {
        var refusal = worker.Refusal(precision);
        if (refusal is null)
        {
            try
            {
                var answer = await worker.Grain.Base(question);
                refusal = answer.Fault ?? (answer.Fingerprint == question.Fingerprint ? null
                    : $"base {answer.Fingerprint}, expected {question.Fingerprint}");
            }
            catch (Exception e)
            {
                refusal = e.Message;
            }
        }

        if (refusal is not null) _news.Enqueue($"worker {worker.Name} is refused: {refusal}");
        _answers[worker.Key] = refusal;
    }
}
