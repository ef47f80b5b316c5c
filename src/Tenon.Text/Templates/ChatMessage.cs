namespace Tenon.Text.Templates;

/// <summary>One turn of a conversation: who speaks (<c>system</c>, <c>user</c>, <c>assistant</c> ...) and what.</summary>
public sealed record ChatMessage(string Role, string Content);
