using Tenon.Rewards.Data;
using Tenon.Tests.Support;

namespace Tenon.Tests.Rewards.Data;

public class DataPageTests
{
    [Fact]
    public void The_page_lists_the_usual_names_in_the_order_they_are_tried()
    {
        var page = File.ReadAllText(Repository.Path("docs/data.md"));
        foreach (var (what, names) in
            new[] { ("problem", ProblemColumns.ProblemNames), ("gold", ProblemColumns.AnswerNames), ("id", ProblemColumns.IdNames) })
            page.ShouldContain($"| the {what} | {string.Join(", ", names.Select(n => $"`{n}`"))} |");
    }
}
