namespace Tenon.Models.Generation;

/// <summary>
/// Where the last tokens of a completion stood before, in the texts of its request: the prompt, its completions that have ended, those
/// alive and the text itself. What followed there is a draft of what follows here ("prompt lookup decoding", Saxena 2023).
/// Places are found by the hash of two tokens, newest first; the one with which most tokens agree is taken. Left out: trees of drafts.
/// </summary>
internal sealed class DraftIndex(int[] prompt)
{
    /// <summary>Tokens that must agree.</summary>
    public const int Shortest = 2;

    /// <summary>Tokens that are compared.</summary>
    public const int Longest = 8;

    private const int FirstPlaces = 1 << 10;
    private const int MostPlaces = 1 << 16;
    private const int PlacesLookedAt = 32;
    private const int MostTexts = 64;

    private readonly List<LiveSample> _growing = [];
    private Place[] _places = [];
    private int[] _newest = [];
    private int _count;
    private bool _hasPrompt;

    // A position in a text (null: the prompt alone) with two tokens before it, and the number of the place before with their hash.
    private record struct Place(LiveSample? Text, int Position, int Previous);

    /// <summary>A completion has begun: what it becomes is looked at from now on.</summary>
    public void Begin(LiveSample sample)
    {
        // Nothing is put into the index before somebody asks, and of very many completions only the last matter then.
        if (_growing.Count >= MostTexts && _growing.FindIndex(text => text.IsOver) is var over and >= 0) _growing.RemoveAt(over);
        _growing.Add(sample);
    }

    /// <summary>Writes what may follow a completion so far; gives the number of its tokens, and of those that agreed before it.</summary>
    public int Find(LiveSample sample, Span<int> draft, out int agreed)
    {
        CatchUp();
        agreed = 0;
        var length = prompt.Length + sample.Count;
        if (length < Shortest || _count == 0) return 0;
        var best = default(Place);
        var oldest = Math.Max(0, _count - _places.Length);
        var next = _newest[Slot(sample, length)];
        for (var looked = 0; next > oldest && looked < PlacesLookedAt && agreed < Longest; looked++)
        {
            ref readonly var place = ref _places[(next - 1) & (_places.Length - 1)];
            var same = Agreement(sample, length, place);
            if (same > agreed) (agreed, best) = (same, place);
            next = place.Previous;
        }

        if (agreed >= Shortest) return Copy(best, sample, length, draft);
        agreed = 0;
        return 0;
    }

    private int Copy(Place place, LiveSample sample, int length, Span<int> draft)
    {
        // The prompt goes on with this completion. A text that repeats itself goes on with its own draft.
        var text = place.Text ?? sample;
        var end = prompt.Length + text.Count;
        for (var i = 0; i < draft.Length; i++)
        {
            var position = place.Position + i;
            if (position < end) draft[i] = At(text, position);
            else if (ReferenceEquals(text, sample)) draft[i] = draft[position - length];
            else return i;
        }

        return draft.Length;
    }

    private int Agreement(LiveSample sample, int length, in Place place)
    {
        var most = Math.Min(Longest, Math.Min(length, place.Position));
        var same = 0;
        while (same < most && At(sample, length - 1 - same) == At(place.Text, place.Position - 1 - same)) same++;
        return same;
    }

    private void CatchUp()
    {
        if (!_hasPrompt)
        {
            _hasPrompt = true;
            for (var position = Shortest; position < prompt.Length; position++) Enter(null, position);
        }

        for (var i = 0; i < _growing.Count;)
        {
            var text = _growing[i];
            for (; text.Indexed < text.Count; text.Indexed++)
                if (prompt.Length + text.Indexed is var position and >= Shortest) Enter(text, position);
            if (text.IsOver) _growing.RemoveAt(i);
            else i++;
        }
    }

    private void Enter(LiveSample? text, int position)
    {
        // At its largest the list begins anew, and the oldest places are forgotten one by one.
        if (_count == _places.Length && _count < MostPlaces) Grow();
        ref var newest = ref _newest[Slot(text, position)];
        _places[_count++ & (_places.Length - 1)] = new Place(text, position, newest);
        newest = _count;
    }

    private void Grow()
    {
        Array.Resize(ref _places, Math.Max(FirstPlaces, 2 * _count));
        _newest = new int[_places.Length];
        for (var i = 0; i < _count; i++)
        {
            ref var place = ref _places[i];
            ref var newest = ref _newest[Slot(place.Text, place.Position)];
            place.Previous = newest;
            newest = i + 1;
        }
    }

    // The table has a power of two of entries; the upper half of a product mixes best.
    private int Slot(LiveSample? text, int position)
    {
        var pair = ((ulong)(uint)At(text, position - 2) << 32) | (uint)At(text, position - 1);
        return (int)((pair * 0x9E37_79B9_7F4A_7C15) >> 40) & (_newest.Length - 1);
    }

    private int At(LiveSample? text, int position) =>
        position < prompt.Length ? prompt[position] : text!.Ids[position - prompt.Length];
}
