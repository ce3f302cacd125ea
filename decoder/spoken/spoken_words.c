/* spoken_words.c - how a written word is read: as a word, letter by letter, or in parts. */
#include "decoder/spoken/spoken_say.h"

#include <string.h>

enum {
    WORD_LETTERS = 45,   /* a longer word is spelled, */
    SPELLED_LETTERS = 20 /* and no more than its beginning */
};

void spell(struct say *s, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        const char letter[2] = {is_lower(text[i]) ? (char)(text[i] - 'a' + 'A') : text[i], 0};
        if (is_digit(text[i]))
            number_digits(&s->words, text + i, 1, "zero");
        else if (is_alpha(text[i]))
            number_word(&s->words, letter);
    }
}

static bool is_vowel(char c)
{
    return strchr("aeiouyAEIOUY", c) != NULL && c;
}

/* Consonants from at on. */
static size_t consonants(const char *word, size_t length, size_t at)
{
    size_t n = 0;
    while (at + n < length && !is_vowel(word[at + n]))
        n++;
    return n;
}

/* Sounds that so many consonants are, at most: "gh" and the like are one. */
static size_t sounds(const char *word, size_t count)
{
    size_t n = count;
    for (size_t i = 1; i < count; i++) {
        const char pair[2] = {to_lower(word[i - 1]), to_lower(word[i])};
        n -= (pair[1] == 'h' && strchr("cgpst", pair[0])) || (pair[0] == 'n' && pair[1] == 'g') ||
             (pair[0] == 'c' && pair[1] == 'k') || pair[0] == pair[1];
    }
    return n;
}

bool is_pronounceable(const char *word, size_t length)
{
    static const char onsets[] = " bl br ch cl cr dr dw fl fr gh gl gn gr kl kn kr ll mc ph pl pn pr ps rh sc sch scr "
                                 "sh shr sk sl sm sn sp sph spl "
                                 "spr squ st str sw th thr tr ts tw vl wh wr zh pt chr kh thw q ";
    const size_t onset = consonants(word, length, 0);
    if (onset == length || (onset > 1 && !list_has(onsets, word, onset)))
        return false;
    for (size_t at = onset; at < length; at++) {
        const size_t letters = consonants(word, length, at), run = sounds(word + at, letters);
        const bool last = at + letters == length;
        if (run > 4 || (run > 3 && last) || (run == 3 && last && !strchr("dhkstDHKST", word[length - 1])))
            return false;
        at += letters;
    }
    return true;
}

/* Words in capitals that are words all the same. */
static bool is_acronym_word(const char *word, size_t length)
{
    static const char words[] =
        " nasa nato unesco unicef opec nafta fifa uefa aids covid sars pin sim ram rom gif ascii lan wan wifi swat "
        "nimby yolo asean darpa noaa hamas isis mensa basic cobol fortran laser radar sonar scuba cad gnu jstor "
        "the and for not but you are was his her she him all any can had has have how its may now old one our out own "
        "say see too two use way who why yes yet no so do go he if in is it me my of on or to up we an as at be "
        "by did end far few get god got let man men new off per put ran red run sad saw set six ten top try war won "
        "boy day eye dad mom mum big bad bed box car cut dog eat fun hot ice job key kid lie lot low mad mix oh pay "
        "tax win cat sun son sea sir god law art air arm age bag bar bit boat bus cup dry due ear egg eve fat fit fix "
        "fly "
        "fun gas gun guy hat hit kin lay leg lip log map met mix mud net nor nut odd oil pen pet pie pig pop pot ray "
        "rid "
        "rob row sex sky sin sit six sky son sue tea ten tie tin tip toe ton toy van via vow web wet wit app add aid "
        "aim "
        "ale apt arc ash ask ate awe axe tom tim joe jim ann amy sam dan ben bob ted max kim lee roy ray zoo end elf "
        "elm "
        "ah ha hi ho hey huh wow ugh ask buy cry die fly hit ill led "
        "like love this that what when stop dear done down ";
    return list_has(words, word, length);
}

/* Pronounceable letters that are spelled all the same. */
static bool is_initialism(const char *word, size_t length)
{
    static const char spelled[] =
        " usa ussr uk eu un us fbi cia bbc ibm usda ucla ncaa ieee asap afaik aka api ceo cfo cto cio cpu gpu url uri "
        "ui ux ai id ip os io pc tv dj mc vip faq diy atm gps usb eta iou phd iq ira irs epa fda faa esa iaea aol isp "
        "uae suv ufo uav oem aaa aarp naacp espn imdb ios esl efl gui ide iso osha icu ivf emt aclu alu ec ee ea "
        "bc ad ce am pm ";
    return list_has(spelled, word, length);
}

/* Whether a word in capitals is read letter by letter. In a sentence that is all in capitals, only what must be. */
static bool is_spelled(const struct say *s, const char *word, size_t length)
{
    if (is_initialism(word, length) && !(s->shouted && length == 2))
        return true;
    if (is_acronym_word(word, length))
        return false;
    if (s->shouted || length > 3)
        return !is_pronounceable(word, length);
    return length > 1;
}

/* Words that are read otherwise than they look, whatever their case. */
static const char *respelling(const char *word, size_t length)
{
    static const char *const words[][2] = {{"ok", "okay"},
                                           {"wifi", "why fie"},
                                           {"phd", "P H D"},
                                           {"nth", "enth"},
                                           {"etc", "et cetera"},
                                           {"tv", "T V"},
                                           {"tvs", "T v's"},
                                           {"pc", "P C"},
                                           {"html", "H T M L"},
                                           {"jpeg", "jay peg"},
                                           {"jpg", "jay peg"},
                                           {"sql", "sequel"},
                                           {"mysql", "my sequel"},
                                           {"latex", "lay tech"},
                                           {"km", "kilometers"},
                                           {"kg", "kilograms"},
                                           {"mph", "miles per hour"},
                                           {"hwy", "highway"},
                                           {"gonna", "gonna"},
                                           {"pls", "please"},
                                           {"thx", "thanks"},
                                           {"esq", "esquire"},
                                           {"mins", "minutes"},
                                           {"hrs", "hours"},
                                           {"lbs", "pounds"},
                                           {"dj", "D J"},
                                           {"mr", "mister"},
                                           {"mrs", "missus"},
                                           {"st", "saint"},
                                           {"vip", "V I P"},
                                           {"faq", "F A Q"},
                                           {"xmas", "christmas"},
                                           {"id", "I D"},
                                           {"'n'", "and"}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t same = 0;
        while (same < length && to_lower(word[same]) == words[i][0][same])
            same++;
        if (same == length && !words[i][0][same])
            return words[i][1];
    }
    return NULL;
}

/* In lower case; a letter more than twice in a row is there twice. */
static void put_plain(struct say *s, const char *word, size_t length)
{
    number_word(&s->words, "");
    for (size_t i = 0; i < length; i++) {
        const char c = to_lower(word[i]);
        if (i >= 2 && c == to_lower(word[i - 1]) && c == to_lower(word[i - 2]))
            continue;
        text_add(&s->words, &c, 1);
    }
}

/* Consonants alone can be said by few words, and those any number of times: "hmmmm". */
static bool lacks_vowels(const char *word, size_t length)
{
    static const char sounds[] = " hm hmm mm sh shh pst psst br brr tsk pfft gr grr zz nth cwm ll n ";
    char once[8];
    size_t n = 0;
    if (length < 2 || consonants(word, length, 0) < length || memchr(word, '\'', length))
        return false;
    for (size_t i = 0; i < length; i++)
        if (i < 2 || word[i] != word[i - 1] || word[i] != word[i - 2]) {
            if (n == sizeof once)
                return true;
            once[n++] = word[i];
        }
    return !list_has(sounds, once, n);
}

/* Capitals and, at most, an "s" or "'s" behind them. */
static bool put_capitals(struct say *s, const char *word, size_t length)
{
    size_t capitals = 0;
    while (capitals < length && is_upper(word[capitals]))
        capitals++;
    const size_t rest = length - capitals;
    const bool s_behind = (rest == 1 && word[capitals] == 's') ||
                          (rest == 2 && word[capitals] == '\'' && to_lower(word[capitals + 1]) == 's');
    if (capitals < 2 || (rest && !s_behind) || (rest == 1 && capitals > 5))
        return false;
    if (!is_spelled(s, word, capitals)) {
        put_plain(s, word, length);
        return true;
    }
    spell(s, word, capitals - (rest ? 1 : 0));
    if (rest)
        number_word(&s->words, (char[]){to_lower(word[capitals - 1]), '\'', 's', 0});
    return true;
}

/* Where a capital inside begins another word: "YouTube", "iPhone", "HTMLParser", but not "McDonald"; length for none.
 */
static size_t camel_break(const char *word, size_t length)
{
    static const char prefixes[] = " mc mac de di la le van von fitz du o d ";
    for (size_t i = 1; i < length; i++) {
        const bool rises = is_upper(word[i]) && is_lower(word[i - 1]);
        const bool falls = i + 1 < length && is_upper(word[i]) && is_upper(word[i - 1]) && is_lower(word[i + 1]) &&
                           !(i + 2 >= length && word[i + 1] == 's');
        if (falls || (rises && !(is_upper(word[0]) && list_has(prefixes, word, i))))
            return i;
    }
    return length;
}

/* Whether a capital stands by itself in the text, other than the word "I". */
static bool is_lone_capital(const struct say *s, size_t at)
{
    return at < s->size && is_upper(s->text[at]) && s->text[at] != 'I' && (!at || !is_alnum(s->text[at - 1])) &&
           (at + 1 >= s->size || !is_alnum(s->text[at + 1]));
}

/* "J A N E T", "X-A-G": in a row of letters an A is one; before one letter alone ("A B movie") it is the article. */
static bool in_row_of_letters(const struct say *s, size_t at)
{
    static const char between[] = " -";
    const bool follows = at >= 2 && strchr(between, s->text[at - 1]) && is_lone_capital(s, at - 2);
    const bool leads = at + 3 < s->size && strchr(between, s->text[at + 1]) && is_lone_capital(s, at + 2) &&
                       strchr(between, s->text[at + 3]) && is_lone_capital(s, at + 4);
    return follows || leads;
}

/* A letter by itself: the words "a" and "I", or its name. */
static void put_letter(struct say *s, size_t at)
{
    static const char named[] = " plan vitamin grade option section team type class hepatitis group letter point an "
                                "appendix exhibit schedule side model variable category flat platform ";
    const char c = s->text[at];
    const bool closed =
        at + 1 >= s->size || (s->text[at + 1] != ' ' && s->text[at + 1] != '"' && s->text[at + 1] != '\n');
    const bool article = c == 'a' || (c == 'A' && !closed && !previous_in(s, at, named) && !in_row_of_letters(s, at));
    const bool pronoun = c == 'I' || (c == 'i' && !closed);
    if (article || pronoun || (c == 'o' && !closed) || (c == 'O' && !closed))
        put_plain(s, &c, 1);
    else
        spell(s, &c, 1);
}

static void put_part(struct say *s, const char *word, size_t length)
{
    if (respelling(word, length))
        number_word(&s->words, respelling(word, length));
    else if (length > WORD_LETTERS)
        spell(s, word, SPELLED_LETTERS);
    else if (put_capitals(s, word, length))
        return;
    else if (length == 1 || lacks_vowels(word, length))
        spell(s, word, length);
    else
        put_plain(s, word, length);
}

/* A word that is kept with a quote at its end: "goin'"; others lose it. */
static size_t without_quote(const char *word, size_t length)
{
    static const char cut[] = " o' th' an' ol' lil' wi' ";
    if (!length || word[length - 1] != '\'' || list_has(cut, word, length))
        return length;
    const bool dropped_g = length > 4 && word[length - 2] == 'n' && word[length - 3] == 'i';
    return dropped_g ? length : length - 1;
}

/* Where a word begins that has a quote before it: the quote is its own in "'tis". */
static size_t past_quote(const char *word, size_t length)
{
    static const char cut[] = " 'tis 'twas 'twere 'twill 'twould 'em 'cause 'til 'till 'bout 'round 'neath 'n ";
    size_t n = 0;
    while (n < length && word[n] == '\'' && !list_has(cut, word + n, length - n))
        n++;
    return n;
}

void say_word(struct say *s, size_t begin, size_t end)
{
    const size_t from =
        begin + (respelling(s->text + begin, end - begin) ? 0 : past_quote(s->text + begin, end - begin));
    const size_t to =
        from + (respelling(s->text + from, end - from) ? end - from : without_quote(s->text + from, end - from));
    if (to == from + 1) {
        put_letter(s, from);
        say_collected(s, begin, end);
        return;
    }
    for (size_t at = from, next; at < to; at = next) {
        const bool whole = respelling(s->text + at, to - at) || (at == from && to - from > WORD_LETTERS);
        next = whole ? to : at + camel_break(s->text + at, to - at);
        put_part(s, s->text + at, next - at);
    }
    say_collected(s, begin, end);
}

/* Letters inside a word with digits: a word of four letters and more, else spelled. */
static void put_letters_of_mixed(struct say *s, const char *text, size_t length)
{
    if (length > 3 && is_pronounceable(text, length))
        put_part(s, text, length);
    else
        spell(s, text, length < SPELLED_LETTERS ? length : SPELLED_LETTERS);
}

void say_mixed(struct say *s, size_t begin, size_t end)
{
    for (size_t at = begin, to; at < end; at = to) {
        to = at + 1;
        if (is_digit(s->text[at])) {
            while (to < end && is_digit(s->text[to]))
                to++;
            number_in_pairs(&s->words, s->text + at, to - at);
        } else if (is_alpha(s->text[at])) {
            while (to < end && is_alpha(s->text[to]))
                to++;
            put_letters_of_mixed(s, s->text + at, to - at);
        }
    }
    say_collected(s, begin, end);
}
