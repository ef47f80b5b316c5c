namespace Tenon.Models.Config;

/// <summary>The transcendental functions that the rotary frequencies need, in one place.</summary>
internal static class RotaryMath
{
#pragma warning disable RS0030 // The platform's functions stand in until the exact ones are there.
    public static double Pow(double x, double y) => Math.Pow(x, y);

    public static double Log(double x) => Math.Log(x);
#pragma warning restore RS0030
}
