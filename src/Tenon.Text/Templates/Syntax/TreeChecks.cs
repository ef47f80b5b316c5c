// What Jinja finds out when it compiles a template: unknown filters and tests (errors at once, but only when reached inside the branches of
// an if),
// assignments to loop, loop controls outside of loops, and which special names a macro's body reads.
using Tenon.Text.Templates.Builtins;
using Tenon.Text.Templates.Nodes;

namespace Tenon.Text.Templates.Syntax;

/// <summary>Checks of a whole tree before it is rendered.</summary>
internal static class TreeChecks
{
    internal static void Run(TemplateTree tree)
    {
        foreach (var statement in tree.Body) Visit(statement, soft: false, inLoop: false);
    }

    private static void Visit(Node node, bool soft, bool inLoop)
    {
        RenderBudget.GuardStack();
        switch (node)
        {
            case Filter f when !soft && !Filters.Exists(f.Name): throw TemplateException.Assertion($"No filter named '{f.Name}'.", f.Line);
            case Test t when !soft && !Tests.Exists(t.Name): throw TemplateException.Assertion($"No test named '{t.Name}'.", t.Line);
            case LoopControl c when !inLoop:
                throw new TemplateException("SyntaxError", c.Flow == Flow.Break ? "'break' outside loop"
                    : "'continue' not properly in loop", c.Line);
            case If or ConditionalExpression:
                VisitAll(node.Children, true, inLoop);
                return;
            case ForLoop loop:
                if (AssignsLoop(loop))
                    throw TemplateException.Assertion("Can't assign to special loop variable in for-loop target", loop.Line);
                Visit(loop.Items, soft, inLoop);
                if (loop.Test is not null) Visit(loop.Test, false, inLoop);
                VisitAll(loop.Body, false, true);
                VisitAll(loop.Otherwise, false, inLoop);
                return;
            case MacroTag or GenerationTag or BlockTag:
                VisitAll(node.Children, false, false);
                return;
            case CallTag call:
                VisitAll(call.Body.Children, false, false);
                Visit(call.Call, soft, inLoop);
                return;
            case FilterTag or AssignBlock or AutoescapeTag:
                VisitAll(node.Children, false, inLoop);
                return;
            case WithTag with:
                VisitAll(with.Values.Select(v => v.Value), soft, inLoop);
                VisitAll(with.Body, false, inLoop);
                return;
            default:
                VisitAll(node.Children, soft, inLoop);
                return;
        }
    }

    private static void VisitAll(IEnumerable<Node> nodes, bool soft, bool inLoop)
    {
        foreach (var node in nodes) Visit(node, soft, inLoop);
    }

    private static bool AssignsLoop(Node node)
    {
        RenderBudget.GuardStack();
        return node is NameTarget { Identifier: "loop" } || node.Children.Any(AssignsLoop);
    }

    /// <summary>Which of some names a body reads before it assigns them; blocks are not looked into.</summary>
    internal static HashSet<string> Reads(IEnumerable<Node> body, params string[] names)
    {
        var open = names.ToHashSet();
        var read = new HashSet<string>();
        foreach (var node in body) Visit(node);
        return read;

        void Visit(Node node)
        {
            RenderBudget.GuardStack();
            if (node is Name n && open.Contains(n.Identifier)) read.Add(n.Identifier);
            if (node is NameTarget t) open.Remove(t.Identifier);
            if (node is BlockTag) return;
            foreach (var child in node.Children) Visit(child);
        }
    }
}
