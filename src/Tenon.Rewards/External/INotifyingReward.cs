namespace Tenon.Rewards.External;

/// <summary>A reward that has something to say to the user beyond its verdicts (a judge that fails again and again).</summary>
public interface INotifyingReward : IReward
{
    /// <summary>Called with one notice at a time, from the thread that judges.</summary>
    event Action<string>? Notified;
}
