using Tenon.Tensors.Linalg;

namespace Tenon.Adapters;

/// <summary>Orthogonal matrices from skew-symmetric ones, in float64, and the gradients back.</summary>
internal static class Cayley
{
    /// <summary>The skew matrix whose strict upper triangle, row by row, is the vector: Q = M - M^T.</summary>
    public static Matrix Skew(ReadOnlySpan<float> upper, int size)
    {
        var q = new Matrix(size, size);
        var at = 0;
        for (var i = 0; i < size; i++)
            for (var j = i + 1; j < size; j++, at++)
            {
                q[i, j] = upper[at];
                q[j, i] = -(double)upper[at];
            }

        return q;
    }

    /// <summary>Adds the gradient of the vector of <see cref="Skew"/>.</summary>
    public static void SkewBack(Matrix gradient, Span<float> upper)
    {
        var at = 0;
        for (var i = 0; i < gradient.Rows; i++)
            for (var j = i + 1; j < gradient.Rows; j++, at++) upper[at] += (float)(gradient[i, j] - gradient[j, i]);
    }

    /// <summary>R = (I - Q)(I + Q)^-1.</summary>
    public static Matrix Exact(Matrix q) => (Matrix.Identity(q.Rows) - q) * (Matrix.Identity(q.Rows) + q).Inverse();

    /// <summary>dQ = -(I + R)^T dR (I + Q)^-T.</summary>
    public static Matrix ExactBack(Matrix q, Matrix gradient)
    {
        var identity = Matrix.Identity(q.Rows);
        return -((identity + Exact(q)).TransposeTimes(gradient).TimesTranspose((identity + q).Inverse()));
    }

    /// <summary>
    /// The cut Neumann series I + 2 Q + 2 Q^2 + ... + Q^last of (I + Q)(I - Q)^-1, with so many terms as PEFT counts them.
    /// </summary>
    public static Matrix Neumann(Matrix q, int terms)
    {
        var (sum, power) = (Matrix.Identity(q.Rows), q);
        foreach (var factor in Factors(terms))
        {
            sum += factor * power;
            power *= q;
        }

        return sum;
    }

    /// <summary>dQ = sum over p of c_p sum over a + b = p - 1 of (Q^T)^a dR (Q^T)^b.</summary>
    public static Matrix NeumannBack(Matrix q, Matrix gradient, int terms)
    {
        var turned = q.Transposed();
        var (sum, inner, power) = (new Matrix(q.Rows, q.Rows), gradient, turned);
        foreach (var factor in Factors(terms))
        {
            // inner holds the inner sum for p; the next is inner Q^T + (Q^T)^p dR.
            sum += factor * inner;
            inner = inner * turned + power * gradient;
            power *= turned;
        }

        return sum;
    }

    /// <summary>The series' coefficients from the first power on.</summary>
    private static IReadOnlyList<double> Factors(int terms) => terms switch
    {
        <= 1 => [],
        2 => [2],
        3 or 4 => [2, 2, 1],
        _ => [2, 2, .. Enumerable.Repeat(2.0, terms - 4), 1],
    };
}
