using System.Text.Json.Nodes;
using Tenon.Tests.Cli;
using Tenon.Tests.Support;

namespace Tenon.Tests.Evaluation.Reports;

/// <summary>Reports in a browser: they fit every width, their text can be read, charts answer the pointer, tables sort and copy.</summary>
public class ReportPageTests
{
    [Fact]
    [Trait("Speed", "slow")]
    public async Task Reports_fit_phones_and_screens_in_light_and_dark()
    {
        using var folder = new TemporaryFolder();
        var pages = Write(folder);
        using var browser = await Chromium.Start();
        foreach (var (name, page) in pages) await Fits(browser, name, page, shots: null);
    }

    /// <summary>
    /// Pages of TENON_REPORTS, each as it looks at every width, into TENON_SCREENSHOTS: what <c>bench/screenshots.sh</c> calls.
    /// </summary>
    [Fact]
    [Trait("Speed", "slow")]
    public async Task Screenshots_are_taken_of_pages_that_fit()
    {
        var (from, to) = (Environment.GetEnvironmentVariable("TENON_REPORTS"), Environment.GetEnvironmentVariable("TENON_SCREENSHOTS"));
        Assert.SkipWhen(from is null || to is null, "no TENON_REPORTS and TENON_SCREENSHOTS");
        Directory.CreateDirectory(to);
        using var browser = await Chromium.Start();
        foreach (var page in Directory.GetFiles(from, "*.html").Order(StringComparer.Ordinal))
        {
            await Fits(browser, Path.GetFileNameWithoutExtension(page), page, to);
            await browser.Open(page, 1100, dark: false);
            await browser.Screenshot(Path.Combine(to, Path.GetFileNameWithoutExtension(page) + ".png"), height: 640);
        }
    }

    [Fact]
    [Trait("Speed", "slow")]
    public async Task Charts_answer_the_pointer_and_tables_sort_and_copy()
    {
        using var folder = new TemporaryFolder();
        var pages = Write(folder);
        using var browser = await Chromium.Start();
        await browser.Open(pages[0].Path, 1280, dark: false);
        const string chart = "document.querySelector('#reward-curve')";
        await browser.Value($"{chart}.scrollIntoView()");
        var box =
            (await browser.Value(
            $"(() => {{ const b = {chart}.querySelector('.u-over').getBoundingClientRect(); return [b.left, b.top, b.width, b.height]; "
            + $"}})()"))!.AsArray();
        await browser.Move((double)box[0]! + (double)box[2]! / 2, (double)box[1]! + (double)box[3]! / 2);
        var legend = (string)(await browser.Value($"[...{chart}.querySelectorAll('.u-value')].map(v => v.textContent).join(' ')"))!;
        legend.Any(char.IsDigit).ShouldBeTrue(legend);

        const string table = "document.querySelector('table.data')";
        await browser.Value($"{table}.tHead.rows[0].cells[2].click()");
        ((string)(await browser.Value($"{table}.tBodies[0].rows[0].cells[2].textContent"))!).ShouldBe("90.0 %");
        await browser.Value($"{table}.tHead.rows[0].cells[2].click()");
        ((string)(await browser.Value($"{table}.tBodies[0].rows[0].cells[2].textContent"))!).ShouldBe("50.0 %");
        foreach (var (form, start) in
            new[] { ("CSV", "benchmark,step,avg@k"), ("LaTeX", "\\begin{tabular}{lr"), ("Markdown", "| benchmark | step |") })
        {
            await browser.Value($"[...document.querySelectorAll('.copy button')].find(b => b.textContent === 'copy {form}').click()");
            await Task.Delay(100);
            ((string)(await browser.Value($"{table}.dataset.copied"))!).ShouldStartWith(start);
        }

        var data = JsonNode.Parse((string)(await browser.Value("document.getElementById('report-data').textContent"))!)!;
        data["charts"]!.AsArray().Count.ShouldBeGreaterThan(5);
        data["run"]!["recipe"].ShouldNotBeNull();
        ((int)(await browser.Value("performance.getEntriesByType('resource').length"))!).ShouldBe(0);
    }

    private static async Task Fits(Chromium browser, string name, string page, string? shots)
    {
        foreach (var (width, dark) in from w in new[] { 390, 768, 1280 } from d in new[] { false, true } select (w, d))
        {
            await browser.Open(page, width, dark);
            ((int)(await browser.Value("document.documentElement.scrollWidth"))!).ShouldBeLessThanOrEqualTo(width, $"{name} at {width}");
            ((double)(await browser.Value(Smallest))!).ShouldBeGreaterThanOrEqualTo(11, $"{name} at {width}");
            ((int)(await browser.Value("document.querySelectorAll('figure canvas').length"))!).ShouldBeGreaterThan(0, name);
            var back = (string)(await browser.Value("getComputedStyle(document.body).backgroundColor"))!;
            (back == "rgb(255, 255, 255)").ShouldBe(!dark);
            if (shots is not null) await browser.Screenshot(Path.Combine(shots, $"{name}-{width}-{(dark ? "dark" : "light")}.png"));
        }
    }

    // The smallest text of any element that shows some.
    private const string Smallest = """
        Math.min(...[...document.querySelectorAll('body *')].filter(e => !['SCRIPT', 'STYLE', 'NOSCRIPT'].includes(e.tagName) &&
            [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()) && e.getClientRects().length).map(e => parseFloat(getComputedStyle(e).fontSize)))
        """;

    private static List<(string Name, string Path)> Write(TemporaryFolder folder)
    {
        var run = RunReportTests.WriteRun(folder.File("first"), 300);
        Call.Tenon("report", run).Exit.ShouldBe(0);
        var compared = Call.Tenon("report", run + "@0", run, "--output", folder.File("compared.html"));
        compared.Exit.ShouldBe(0, compared.Error);
        return [("run", Path.Combine(run, "report.html")), ("comparison", folder.File("compared.html"))];
    }
}
