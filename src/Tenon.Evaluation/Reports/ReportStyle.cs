namespace Tenon.Evaluation.Reports;

/// <summary>The style sheet of reports: light and dark by the reader's setting, printable.</summary>
internal static class ReportStyle
{
    public const string Css = """
        :root { --ink: #1c2430; --soft: #667085; --line: #e3e7ee; --back: #ffffff; --card: #f6f8fb; }
        @media (prefers-color-scheme: dark) { :root { --ink: #e6e9ef; --soft: #98a2b3; --line: #2c3442; --back: #12161d; --card: #1a202a; } }
        body { margin: 0 auto; max-width: 1000px; padding: 24px; font: 15px/1.45 system-ui, sans-serif; color: var(--ink); background: var(--back); }
        h1 { margin: 0; font-size: 26px; } h2 { margin: 34px 0 8px; font-size: 19px; } h3 { margin: 20px 0 6px; font-size: 15px; }
        header p { margin: 4px 0 18px; color: var(--soft); }
        .cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(170px, 1fr)); gap: 12px; margin-bottom: 18px; }
        .cards div { background: var(--card); border-radius: 8px; padding: 12px 14px; }
        .cards span, .cards small { display: block; color: var(--soft); font-size: 12.5px; } .cards b { font-size: 20px; font-weight: 600; }
        figure { margin: 0; background: var(--card); border-radius: 8px; padding: 8px; } figure.main { margin-bottom: 12px; }
        .charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(440px, 1fr)); gap: 12px; }
        svg { display: block; width: 100%; height: auto; } svg polyline { stroke-width: 1.8; stroke-linejoin: round; }
        svg .grid { stroke: var(--line); } svg .tick { fill: var(--soft); font-size: 11px; } svg .title { fill: var(--ink); font-size: 13px; font-weight: 600; }
        table { border-collapse: collapse; width: 100%; } th, td { text-align: left; vertical-align: top; padding: 5px 10px 5px 0; border-bottom: 1px solid var(--line); }
        th { color: var(--soft); font-weight: 500; } table.settings { font: 13px ui-monospace, monospace; } table.settings td:first-child { color: var(--soft); width: 34%; }
        table.texts td { width: 30%; } pre { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; font: 13px/1.4 ui-monospace, monospace; }
        small { display: block; color: var(--soft); } small.right { color: #2a9d5c; } small.wrong { color: #d0453a; } .empty { color: var(--soft); }
        @media print { figure, .cards div { border: 1px solid var(--line); } }

        """;
}
