using Tenon.Tensors;
using Tenon.Tensors.Ops;

namespace Tenon.Tests.Tensors.Ops;

/// <summary>What is left out or computed again gives the bits of the long way.</summary>
public class SavedWorkTests
{
    private static readonly Parameter X = GradientCheck.Random("x", 5, 12);

    [Fact]
    public void A_head_whose_gradients_are_known_beforehand_gives_the_same_bits_in_one_pass()
    {
        const int rows = 3 * TokenHead.Chunk / 2;
        var x = GradientCheck.Random("x", rows, 12);
        var w = GradientCheck.Random("w", 7, 12);
        int[] targets = [.. Enumerable.Range(0, rows).Select(i => (i % 8) - 1)];
        float[] dlogp = [.. Enumerable.Range(0, rows).Select(i => i % 3 == 0 ? 0 : 0.01f * ((i % 11) - 5))];
        float[] dentropy = [.. Enumerable.Range(0, rows).Select(i => 0.02f * ((i % 5) - 2))];
        (float[], float[], float[], float[]) Run(bool isKnown)
        {
            foreach (var p in new[] { x, w }) p.ZeroGrad();
            var tape = new Tape { Recording = true };
            var hidden = tape.Scale(x, 1);
            TokenHead head;
            if (isKnown)
            {
                head = TokenHead.ForwardBackward(tape, hidden, (t, h) => t.MatMul(h, w), targets, dlogp, dentropy, 0.7);
                head.Resume();
            }
            else
            {
                head = TokenHead.Forward(tape, hidden, (t, h) => t.MatMul(h, w), targets, 0.7);
                head.Backward(dlogp, dentropy);
            }

            return (head.LogProbabilities, head.Entropies, x.Gradient.ToArray(), w.Gradient.ToArray());
        }

        var (logps, entropies, dx, dw) = Run(isKnown: false);
        var known = Run(isKnown: true);
        known.Item1.ShouldBe(logps);
        known.Item2.ShouldBe(entropies);
        known.Item3.ShouldBe(dx);
        known.Item4.ShouldBe(dw);
    }

    [Fact]
    public void Values_that_are_let_go_and_made_again_give_the_same_gradients()
    {
        var gate = GradientCheck.Random("gate", 12, 12);
        var down = GradientCheck.Random("down", 12, 12);
        (float[], float[], float[], long) Run(bool letGo)
        {
            foreach (var p in new[] { X, gate, down }) p.ZeroGrad();
            var tape = new Tape { Recording = true };
            var norm = GradientCheck.Random("norm", 1, 12);
            var x = Tape.ReadByMany(tape.RmsNorm(tape.Scale(X, 1), norm, 1e-5f));
            var (a, b) = (tape.MatMul(x, gate), tape.MatMul(x, down));
            if (letGo) tape.LetGo(x);
            var inner = tape.SwiGlu(a, b);
            var y = tape.MatMul(inner, down);
            if (letGo) tape.LetGo(inner);
            var live = tape.LiveBytes;
            TokenHead.Forward(tape, y, (t, h) => t.MatMul(h, gate), [0, 3, -1, 6, 2]).Backward([1, 2, 0, 3, -1], [0, 1, 2, 0, 1]);
            return (X.Gradient.ToArray(), gate.Gradient.ToArray(), down.Gradient.ToArray(), live);
        }

        var kept = Run(letGo: false);
        var again = Run(letGo: true);
        again.Item1.ShouldBe(kept.Item1);
        again.Item2.ShouldBe(kept.Item2);
        again.Item3.ShouldBe(kept.Item3);
        again.Item4.ShouldBeLessThan(kept.Item4);
    }
}
