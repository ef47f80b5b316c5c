namespace Tenon.Models.Generation;

/// <summary>
/// What the samples alive are fed in a step beyond their next token: drafts of a few tokens each, which cost little while the rows in all
/// are few, because such a step mostly reads the weights. A token is drafted where the share of drafted tokens that were right so far, by
/// how many tokens agreed before them, says that it pays: by counts alone, never by the clock, so that the same work is done every time.
/// </summary>
internal sealed class Drafts
{
    /// <summary>Rows of a step with drafts in it, at most.</summary>
    public const int MostRows = 8;

    /// <summary>Rows that take as long as the part of a step that does not depend on their number.</summary>
    private const double RowsOfAStep = 8;

    /// <summary>Where drafts do not pay, one in so many chances is tried all the same, as the text may have changed.</summary>
    private const int ChancesOfATrial = 32;

    private readonly int[] _tokens = new int[MostRows * MostRows];
    private readonly Run[] _runs = new Run[MostRows];
    private readonly (int Sample, int Ahead)[] _rows = new (int, int)[MostRows];
    private readonly Share[] _shares = new Share[DraftIndex.Longest + 1];
    private int _samples;
    private int _ahead;

    public Drafts() => Array.Fill(_shares, new Share { Right = 1, Tried = 2 });

    /// <summary>Tokens that were drafted and computed.</summary>
    public long Drafted { get; private set; }

    /// <summary>Tokens of them that were chosen.</summary>
    public long Accepted { get; private set; }

    /// <summary>Rows of the step.</summary>
    public int Rows { get; private set; }

    /// <summary>Which rows begin a run: a bit for each, and one behind the last row.</summary>
    public int Shape { get; private set; }

    /// <summary>The shape of a single run.</summary>
    public static int ShapeOfOne(int rows) => 1 | (1 << rows);

    // What is fed for a sample: of the tokens found so many are drafted, from its first row on, and so many were right.
    private struct Run
    {
        public int First, Found, Agreed, Drafted, Right;
        public double Odds;
    }

    // Drafted tokens that were looked at, those of them that were right, and chances that were passed over.
    private struct Share
    {
        public int Right, Tried, Passed;

        public readonly double Value => (double)Right / Tried;

        public void Count(bool right)
        {
            const int remembered = 128;
            Tried++;
            if (right) Right++;
            // What was long ago counts half.
            if (Tried >= remembered) (Right, Tried) = ((Right + 1) / 2, Tried / 2);
        }
    }

    /// <summary>Drafts for these samples; false where there are none.</summary>
    public bool Find(List<LiveSample> alive)
    {
        if (alive.Count >= MostRows) return false;
        Rows = _samples = alive.Count;
        for (var i = 0; i < _samples; i++) Look(alive[i], i);
        while (Rows < MostRows && Best() is var best and >= 0) Draft(ref _runs[best]);
        if (Rows == _samples) return false;
        Lay();
        return true;
    }

    /// <summary>The tokens that a sample is fed beyond its next one.</summary>
    public ReadOnlySpan<int> Of(int sample) => _tokens.AsSpan(sample * MostRows, _runs[sample].Drafted);

    /// <summary>The first row of a sample, and how many of its drafted tokens were right.</summary>
    public (int Row, int Right) Outcome(int sample) => (_runs[sample].First, _runs[sample].Right);

    /// <summary>The sample of a row, and how many of its drafted tokens lie before.</summary>
    public (int Sample, int Ahead) Place(int row) => _rows[row];

    /// <summary>True where a row's token is to be chosen now: all drafted tokens before it were right.</summary>
    public bool IsDue(int row) => _rows[row].Ahead == _ahead && _runs[_rows[row].Sample].Right == _ahead;

    /// <summary>Compares what was chosen for the rows that were due; false where none is due now.</summary>
    public bool Next(ReadOnlySpan<SampledToken> chosen)
    {
        var any = false;
        for (var i = 0; i < _samples; i++)
        {
            ref var run = ref _runs[i];
            if (run.Right < _ahead || run.Drafted <= _ahead) continue;
            var right = chosen[run.First + _ahead].Id == _tokens[(i * MostRows) + _ahead];
            _shares[Bin(run.Agreed + _ahead)].Count(right);
            if (!right) continue;
            run.Right++;
            Accepted++;
            any = true;
        }

        _ahead++;
        return any;
    }

    private void Look(LiveSample sample, int at)
    {
        ref var run = ref _runs[at];
        run = default;
        // The row of a completion's last token is its last.
        var most = Math.Min(MostRows - _samples, sample.Group.Ticket.Request.MaxNewTokens - sample.Count - 1);
        run.Found = sample.Group.Ticket.Drafts!.Find(sample, _tokens.AsSpan(at * MostRows, most), out run.Agreed);
        if (run.Found == 0) return;
        ref var share = ref _shares[run.Agreed];
        run.Odds = share.Value;
        if (run.Odds >= Worthwhile || ++share.Passed < ChancesOfATrial) return;
        share.Passed = 0;
        if (Rows < MostRows) Draft(ref run);
    }

    // A row costs one, whatever comes of it; a token that is right spares its own row and its sample's part of a later step.
    private double Worthwhile => _samples / (_samples + RowsOfAStep);

    private int Best()
    {
        var (best, odds) = (-1, Worthwhile);
        for (var i = 0; i < _samples; i++)
            if (_runs[i].Drafted < _runs[i].Found && _runs[i].Odds >= odds) (best, odds) = (i, _runs[i].Odds);
        return best;
    }

    private void Draft(ref Run run)
    {
        run.Drafted++;
        run.Odds *= _shares[Bin(run.Agreed + run.Drafted)].Value;
        Rows++;
    }

    private void Lay()
    {
        Shape = 1 << Rows;
        var row = 0;
        for (var i = 0; i < _samples; i++)
        {
            _runs[i].First = row;
            Shape |= 1 << row;
            for (var ahead = 0; ahead <= _runs[i].Drafted; ahead++) _rows[row++] = (i, ahead);
        }

        Drafted += Rows - _samples;
        _ahead = 0;
    }

    private static int Bin(int agreed) => Math.Min(agreed, DraftIndex.Longest);
}
