using System.Text;

namespace Tenon.Cli;

/// <summary>The entry point of the <c>tenon</c> program.</summary>
public static class Program
{
    /// <summary>Runs one verb; returns 0 done, 1 the work failed, 2 the call was wrong, 130 interrupted.</summary>
    public static int Main(string[] args)
    {
        var utf8 = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        UseUtf8(utf8);
        using var output = new StreamWriter(Console.OpenStandardOutput(), utf8, 1 << 16);
        using var error = new StreamWriter(Console.OpenStandardError(), utf8) { AutoFlush = true };
        using var input = new Utf8Lines(Console.OpenStandardInput(), "standard input");
        AppDomain.CurrentDomain.UnhandledException +=
            (_, fault) => Environment.Exit(UnexpectedFault.Report(fault.ExceptionObject as Exception, args, error));
        using var interrupt = Interrupt.ListenToSignals(error);
        return Application.Run(args, new Terminal(input, output, error, interrupt));
    }

    /// <summary>A console of Windows shows bytes by its code page, seldom UTF-8; terminals elsewhere take UTF-8 as it is.</summary>
    private static void UseUtf8(Encoding utf8)
    {
        if (!OperatingSystem.IsWindows()) return;
        try
        {
            Console.OutputEncoding = utf8;
        }
        catch (IOException)
        {
            // No console: what is read from a pipe or a file is UTF-8 all the same.
        }
    }
}
