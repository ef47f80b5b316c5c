using System.Text.Json;

namespace Tenon.Rewards.Data;

/// <summary>One row of a data file: its columns, or why it could not be read.</summary>
public sealed class DataRow
{
    private readonly Dictionary<string, JsonElement>? _fields;

    /// <summary>A row that was read.</summary>
    public DataRow(int number, string where, Dictionary<string, JsonElement> fields) => (Number, Where, _fields) = (number, where, fields);

    /// <summary>A row that is broken.</summary>
    public DataRow(int number, string where, TenonException fault) => (Number, Where, Fault) = (number, where, fault);

    /// <summary>The line of a text file, the row of a table, from 1.</summary>
    public int Number { get; }

    /// <summary>File and line, for errors.</summary>
    public string Where { get; }

    /// <summary>Why the row is no row; null where it is one.</summary>
    public TenonException? Fault { get; }

    /// <summary>The columns; throws the row's fault where it has one.</summary>
    public Dictionary<string, JsonElement> Fields => _fields ?? throw Fault!;
}
