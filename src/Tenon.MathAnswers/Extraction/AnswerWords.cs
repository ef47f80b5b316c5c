namespace Tenon.MathAnswers.Extraction;

/// <summary>
/// The words by which a text states its answer, doubts it, or merely goes on reckoning, in the languages that models write.
/// </summary>
internal static class AnswerWords
{
    /// <summary>"Answer" in other languages than English, and the verbs that choose one ("故选 B").</summary>
    public static readonly WordList Answer = Of(
        "答案", "解答", "回答", "正解", "答え", "答", "故选", "应选", "應選", "选择", "選擇", "选", "選", "結果", "结果", "정답", "답",
        "ответ", "відповідь", "отговор", "одговор", "απάντηση", "الجواب", "الإجابة", "الاجابة", "جواب", "الناتج", "پاسخ", "תשובה",
        "उत्तर", "जवाब", "উত্তর", "ਜਵਾਬ", "ਉੱਤਰ", "જવાબ", "ଉତ୍ତର", "பதில்", "விடை", "సమాధానం", "జవాబు", "ಉತ್ತರ", "ഉത്തരം", "คำตอบ", "ตอบ",
        "ចម្លើយ",
        "respuesta", "resposta", "risposta", "réponse", "reponse", "antwort", "ergebnis", "antwoord", "svaret", "svar:", "vastaus",
        "válasz", "răspuns", "raspuns",
        "odpowied", "odpověď", "odpoveď", "cevap", "cevab", "yanıt", "đáp án", "đáp số", "câu trả lời", "jawaban", "resultado",
        "résultat",
        "risultato", "wynik", "sonuç");

    /// <summary>Words that open a conclusion.</summary>
    public static readonly WordList Conclusion = Of(
        "therefore", "thus", "hence", "consequently", "in conclusion", "to conclude", "altogether", "in total", "finally", "as a result",
        "we conclude", "overall", "total", "final count", "final result", "final value",
        "所以", "因此", "综上", "總共", "总共", "一共", "共有", "从而", "よって", "したがって", "従って", "ゆえに", "合計", "따라서", "그러므로", "그래서", "모두",
        "итак", "следовательно", "таким образом", "поэтому", "значит", "всего", "إذن", "لذلك", "وبالتالي", "अतः", "इसलिए", "कुल",
        "ดังนั้น", "เพราะฉะนั้น", "সুতরাং", "অতএব", "por lo tanto", "por tanto", "entonces", "así que", "en total", "donc", "ainsi",
        "au total", "daher", "somit", "also ist",
        "also sind", "also hat", "also gibt", "also gilt", "also beträgt", "folglich",
        "insgesamt", "deshalb",
        "portanto", "assim", "quindi", "dunque", "pertanto", "dolayısıyla", "bu nedenle", "toplam", "vậy", "do đó", "tổng cộng");

    private static readonly string[] Uncertain =
    [
        "might", "maybe", "perhaps", "possibly", "could be", "may be", "guess", "unsure", "not sure", "cannot decide",
        "can't decide", "don't know", "do not know", "cannot tell", "can't tell", "no idea", "wait,", "wait.", "wait no", "wait -",
        "hmm", "would be if", "unless", "try ", "trying", "suppose", "assum", "uncertain", "probably", "somewhere", "let me",
        "let's", "let us", "we calculate", "we compute", "should check", "to check", "not quite", "close to", "at first",
        "stuck at", "give up", "gave up", "no proof", "cannot prove", "can't prove", "i'd say", "i would say", "not checked",
        "not verified", "need to verify", "need to check", "could well", "could equal", "could also", "could work", "could hold",
        "not hold", "n't hold", "there are two cases",
        "there are three cases", "there are 2 cases", "there are 3 cases", "there are 4 cases", "your answer should",
        "the answer should be a", "no reason to", "my first",
        "still need", "still have to", "still has to", "must still", "remains to be", "may well", "plausible", "i doubt",
        "candidate", "contradict", "keep getting", "unknown to me", "is unknown", "placeholder", "tentative", "not confident",
        "without more information", "can only say", "not convinced", "did not verify", "didn't verify", "have not verified",
        "so far:", "so far,", "fails", "we would get", "one would get", "would give", "i would get", "not satisf", "n't satisf",
        "not match", "n't match", "must add up", "must add to", "must sum", "should sum", "should add up", "previous version",
        "previous answer", "earlier answer", "wrong answer is", "incorrect answer is", "rejected answer", "previous problem", "previous question",
        "extraneous", "upper bound", "lower bound", "upper limit", "lower limit", "not see how", "n't see how", "doubt it",
        "partial result", "partial answer", "partial total", "intermediate result", "intermediate value", "intermediate step", "ran out of",
        "i am unable", "i'm unable", "we are unable", "i am not able", "i'm not able", "we are not able", "coin flip", "hard to say",
        "hard to tell", "impossible to say", "impossible to tell", "enough information",
        "insufficient", "not determine", "cannot determine", "can't determine", "wrong to say", "incorrect to say", "mistake to",
        "ich vermute", "ich schätze", "supongo", "suppongo", "je suppose", "предполага",
        "i may have", "miscounted", "can't justify", "cannot justify", "something like", "seems ", "seem ", "appears to be", "suspect",
        "hunch", "gut feel", "ballpark",
        "my intuition",
        "not certain", "i'd estimate", "i estimate", "i would estimate", "rough estimate",
        " or so", "left is to", "left to do", "remains is to", "then have to", "then has to", "now have to", "now has to", "we then",
        "可能是", "可能为", "可能等于", "可能有", "可能会", "也许", "或许", "猜", "不确定", "不知道",
        "如果", "假设", "假定", "大概", "かもしれ", "多分", "たぶん", "おそらく", "わからな", "分からな", "自信がな", "自信はな", "もし", "だろうか", "아마", "수도 있", "모르", "추측",
        "일지도", "것 같", "만약", "가정", "확실하지 않", "확실치 않", "확신", "잘 모르", "確かでは", "確信", "はっきりしない", "自信", "不敢肯定", "没把握",
        "没有把握", "说不准", "不太确定", "不肯定", "не уверена", "сомнева", "لست متأكد", "غير متأكد", "لا أدري", "أظن", "ربما", "यकीन नहीं",
        "पक्का नहीं",
        "निश्चित नहीं", "पता नहीं", "मुझे लगता है", "no estoy seguro", "pas certain", "não tenho certeza", "nicht ganz sicher",
        "emin değil",
        "không chắc", "tidak yakin", "라고 하자", "라 하자", "と仮定", "とおく", "とする", "とします", "может быть", "возможно", "наверное", "вероятно ",
        "вероятно,", "кажется", "не знаю", "не уверен", "ربما",
        "قد يكون",
        "لا أعرف", "शायद", "पता नहीं", "quizás", "quizá", "tal vez", "no sé", "podría ser", "podrían", "no lo he", "no estoy segur",
        "puede que", "peut-être", "je ne sais",
        "pourrait être", "pourraient", "pas sûr", "vielleicht", "weiß nicht", "nicht sicher", "könnte", "womöglich", "talvez", "não sei",
        "não tenho certeza", "poderia", "forse", "non so", "non sono sicur", "potrebbe", "belki", "olabilir", "sanırım", "có thể",
        "có lẽ", "mungkin", "barangkali", "быть может", "হয়তো", "อาจ",
        "אולי", "हो सकता", "ممکن است", "شاید",
    ];

    private static readonly string[] Denials =
    [
        "either", "isn't", "is not", "are not", "aren't", "wasn't", "cannot be", "can't be", "does not equal", "doesn't equal",
        "is wrong", "is incorrect", "is false", "is impossible", "does not work", "doesn't work", "will not work", "won't work",
        "was wrong", "definitely not", "certainly not", "surely not", "rules out", "ruled out",
    ];

    /// <summary>Words of doubt: a sentence that holds one states nothing.</summary>
    public static readonly WordList Doubt = Of([.. Uncertain, .. Denials]);

    /// <summary>Words of doubt without those that only deny: a conclusion behind a denial states what is left.</summary>
    public static readonly WordList Uncertainty = Of(Uncertain);

    /// <summary>Doubt beside the word "answer" itself: "the answer might be 12", "I do not know the answer".</summary>
    public static readonly WordList NoStatement = Of(
        "might be", "might", "may be", "could be", "cannot", "can't", "intermediate", "unable", "not able to", "guess", "somewhere",
        "whose answer", "something like", "seems ", "appears to be", "لا يمكن", "не может", "no puede ser", "ne peut pas", "kann nicht",
        "não pode", "non può",
        "i recall", "i remember", "from memory",
        "similar problem", "similar question", "not certain", "no proof", "without proof", "have not proved", "haven't proved", "猜", "估计",
        "推测", "たぶん", "おそらく", "추측", "предполага", "наверное", "вероятно", "coin flip", "wrong to",
        "incorrect to", "mistake to", "mistaken to", "not true that", "not the case that", "false that", "doubt that", "don't know",
        "do not know", "not sure", "unsure", "no idea",
        "would be if", "whether", "not confident", "not certain", "cannot say", "tentative", "let me", "let's", "perhaps", "maybe",
        "possibly",
        "可能", "也许", "不确定", "不知道", "かもしれ", "わからな", "分からな", "아마", "수도 있", "모르", "может быть", "возможно", "не знаю", "ربما", "قد يكون",
        "لا أعرف", "शायद",
        "quizás", "tal vez", "no sé", "peut-être", "vielleicht", "talvez", "não sei", "forse", "non so", "belki", "có lẽ");

    /// <summary>What stands behind a "but" where the doubt before it is over: "I was unsure at first, but after checking ...".</summary>
    public static readonly WordList Settled = Of(
        "actual", "in fact", "correct", "after ", "check", "verif", "turns out", "really", "true answer", "true value", "right answer",
        "careful", "indeed", "instead");

    /// <summary>A statement that is taken back behind it.</summary>
    public static readonly WordList Retraction = Of(
        "wait,", "wait.", "wait -", "wait no", "wait!", "but wait", "that is wrong", "that's wrong", "that is not right",
        "that's not right", "that isn't right", "that cannot be right", "that can't be right", "i made a mistake",
        "i made an error", "let me re", "let me check", "let me try", "on second thought", "scratch that", "no, ", "hold on", "actually,",
        "not correct", "等等", "不对", "待って", "잠깐", "подожди");

    /// <summary>"Not" in other languages than English.</summary>
    public static readonly WordList Negation = Of(
        "不是", "不为", "并非", "不等于", "不选", "不能选", "ではな", "ではあり", "じゃな", "아니", "не ", "ليس", "ليست", "नहीं", "no es", "n'est pas", "nicht",
        "não é",
        "non è",
        "değil", "không phải", "bukan", "нет");

    /// <summary>"Not" in languages whose verb stands behind the value.</summary>
    public static readonly WordList NegationBehind =
        Of("ではな", "ではあり", "じゃな", "でない", "아니", "아닙", "नहीं", "değil", " নয়",
            "错误", "不正确", "不符合", "不成立", "неверн", "неправильн");

    /// <summary>"But rather" behind it.</summary>
    public static readonly WordList Instead =
        Of("而是", "なく", "아니라", "а ", "بل", "बल्कि", "sino", "mais", "sondern", "mas sim", "ma ", "mà là", "melainkan");

    /// <summary>Words behind which an answer only gives its reason.</summary>
    public static readonly WordList Reason = Of(
        " because", " since ", ", as ", " as the ", " as it ", " due to", ", which ", ", where ", ", for ", " whereas ", ", not ",
        ", rather ", ", and not ", " rather than ", " instead of ",
        "因为", "因為", "由于", "なぜなら", "왜냐하면", "потому что", "так как", "поскольку", "لأن", "क्योंकि", " porque ", " parce que ", " car ",
        " weil ", ", da ", " denn ", " pois ", " já que ", " ya que ", " puisque ", " poiché ", " omdat ", " ponieważ ", " karena ",
        "เพราะ", "কারণ", "זה כי", "επειδή", " perché ", " çünkü ", " vì ");

    /// <summary>What carries a sentence on behind a number, in scripts without spaces.</summary>
    public static readonly WordList GoesOnUnspaced = Of(
        "加", "减", "乘", "除", "再", "然后", "但", "而", "和", "与", "或", "的", "に", "を", "から", "と", "が", "は", "の", "で", "면", "에", "를", "을", "고",
        "และ", "แต่", "บวก", "ลบ", "คูณ", "หาร", "จาก", "ของ", "و");

    // How sentences begin that reckon on, suppose or give what is known.
    private static readonly string[] Steps =
    [
        "first", "second", "third", "next", "then", "now", "let", "suppose", "assum", "if ", "consider", "note", "recall", "given",
            "since ", "when ", "where ", "while ", "because ",
        "we know", "we need", "we can", "we have", "we must", "we want", "we are given", "to find", "to get", "to solve", "try", "step",
            "for example", "for instance", "again", "using", "by ", "to begin", "to start", "check", "so far", "not ",
            "no, ", "for now", "we are told", "intuitively", "presumably", "likely", "apparently", "we still", "there is no reason",
            "imagine",
        "substitut", "plug", "multiply", "divide", "subtract", "adding", "add ", "start", "begin", "but ", "also,", "also we",
        "also note", "also the", "similarly", "as ",
            "after", "before", "it remains", "remember", "in the",
        "首先", "先", "设", "假设", "然后", "接着", "其次", "由", "令", "若", "如果", "假如", "まず", "次に", "もし", "仮に", "먼저", "우선", "다음", "만약", "가정",
            "сначала", "пусть", "затем", "далее", "теперь", "предположим", "допустим", "если ", "спочатку", "нехай", "припустимо",
            "أولا", "أولاً", "ثم", "पहले", "फिर", "माना",
        "primero", "luego,", "luego se ", "luego hay", "luego tenemos", "luego multi", "luego divid", "luego sum", "luego rest", "ahora",
        "supongamos", "supón", "d'abord", "ensuite", "soit", "supposons", "zuerst", "dann",
            "sei ", "angenommen", "wenn ", "falls ", "primeiro", "depois", "suponha", "suponhamos", "se ", "prima", "poi", "supponiamo",
            "önce", "sonra", "diyelim", "varsay", "trước", "sau đó", "giả sử", "nếu ", "misalkan", "jika ", "pertama", "สมมติ", "ถ้า",
            "נניח", "अगर", "यदि", "मान ल", "मान लीजिए", "نفترض", "لنفرض", "نفرض", "افترض", "بفرض", "find ", "determine ", "solve ",
            "compute ",
            "calculate ", "evaluate ", "simplify ", "what ", "how many ", "how much ", "لنفترض", "إذا كان", "اگر", "فرض",
    ];

    // Openings behind which a sentence only says what is given or supposed, whatever it concludes to.
    private static readonly string[] Givens =
    [
        "the problem says", "the problem states", "the problem tells", "the problem gives", "the question says", "the question states",
        "the question tells", "according to the problem", "according to the question", "it is given", "hint", "suppose", "imagine",
        "假设", "假如", "もし", "仮に", "만약", "предположим", "допустим", "пусть ", "supongamos", "supón", "supposons", "on suppose",
        "angenommen", "nehmen wir an", "suponha", "supponiamo", "diyelim", "varsay", "giả sử", "misalkan", "załóżmy", "stel ", "मान ल",
        "माना ", "لنفترض", "نفترض", "لنفرض", "افترض", "بفرض",
        "обозначим", "примем", "find the ", "find all ",
    ];

    private static readonly WordList Step = Of(Steps);
    private static readonly WordList Given = Of(Givens);

    /// <summary>True for "The problem says that ...", "Supongamos que ...": nothing is concluded there.</summary>
    public static bool OnlyGives(ReadOnlySpan<char> sentence)
    {
        var s = sentence.TrimStart(" *-•\t\"“(");
        return Given.Begins(s);
    }

    /// <summary>True where a sentence only carries the reckoning on.</summary>
    public static bool BeginsStep(ReadOnlySpan<char> sentence)
    {
        var s = sentence.TrimStart(" *-•\t\"“(");
        if (Step.Begins(s)) return true;
        // "For n = 1 we get 1": one case of several.
        return s.StartsWith("for ", StringComparison.OrdinalIgnoreCase) && s.Length > 8 && s[4..].TrimStart("$") is [_, ' ', '=', ..];
    }

    private static WordList Of(params ReadOnlySpan<string> words) => new(words);
}
