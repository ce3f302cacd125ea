/* test_spoken_ssml.c - the subset of SSML: what is said, how, and what is refused with which words. */
#include "spoken_check.h"

#include "decoder/spoken/spoken_ssml.h"

#include <math.h>

static void test_elements(void **state)
{
    (void)state;
    static const struct spoken_case cases[] = {
        {"<speak>Hello</speak>", "hello."},
        {"<speak/>", ""},
        {"<speak> \n </speak>", ""},
        {"<?xml version=\"1.0\"?>\n<speak version=\"1.1\" xml:lang=\"en-US\">Hi</speak>", "hi."},
        {"<speak><p>One</p><p>Two</p></speak>", "one. || two."},
        {"<speak><p><s>One</s><s>two</s></p>three</speak>", "one. | two. || three."},
        {"<speak>no\n\nparagraph</speak>", "no paragraph."},
        {"<speak>a<break/>b</speak>", "a [0.50] B."},
        {"<speak>one<break time=\"250ms\"/>two<break time=\"1.5s\"/></speak>", "one [0.25] two [1.50]"},
        {"<speak>one<break strength=\"strong\"/>two<break strength=\"none\"/></speak>", "one [0.80] two."},
        {"<speak><break time=\"2s\"/></speak>", "[2.00]"},
        {"<speak>One.<break time=\"2s\"/> Two.</speak>", "one. | [2.00] two."},
        {"<speak>a <phoneme alphabet=\"x-arpabet\" ph=\"T AH0\">to</phoneme>.</speak>", "a {T AH0}."},
        {"<speak><phoneme ph=\"t\xC9\x99\">to</phoneme> me</speak>", "{t\xC9\x99} me."},
        {"<speak><sub alias=\"World Wide Web\">WWW</sub>, yes</speak>", "world wide web, yes."},
        {"<speak><sub alias=\"5 kg\">x<b>y</b></sub></speak>", "five kilograms."},
        {"<speak><emphasis>so</emphasis> <foo a=\"b\">much</foo></speak>", "so much."},
        {"<speak>see<metadata>hidden</metadata> <desc>this</desc>it</speak>", "see it."},
        {"<speak>a <mark name=\"x\"/> dog</speak>", "a dog."},
        {"<speak>Dr. <mark name=\"x\"/>Grey has 1<mark name=\"y\"/>2.</speak>", "doctor grey has twelve."},
        {"<speak>see <audio src=\"x\"><desc>no</desc>a sound</audio> <audio src=\"y\"/>here</speak>",
         "see a sound here."},
        {"<speak>say <lang xml:lang=\"fr\">oui</lang> <voice name=\"x\">twice</voice></speak>", "say oui twice."},
        {"<speak>R&amp;D &lt; &#x35; &#53;</speak>", "R and D is less than five five."},
        {"<speak><![CDATA[<b> & c]]><!-- no --><?no x?></speak>", "B and C."},
        {"<speak>un<prosody rate=\"fast\">likely</prosody></speak>", "unlikely."},
        {"<speak>Mr. <prosody rate=\"fast\">Smith</prosody> is. Here</speak>", "mister smith is. | here."},
    };
    check_cases(SPOKEN_SSML, false, cases, sizeof cases / sizeof *cases);
}

#define SAY_AS(how, text) "<speak><say-as interpret-as=" how ">" text "</say-as></speak>"

static void test_say_as(void **state)
{
    (void)state;
    static const struct spoken_case cases[] = {
        {SAY_AS("'characters'", "AB1c"), "A, B, one, C."},
        {SAY_AS("'spell-out'", "cat-5"), "C, A, T, dash, five."},
        {SAY_AS("'cardinal'", "1905"), "one thousand nine hundred five."},
        {SAY_AS("'cardinal'", "XIV"), "fourteen."},
        {SAY_AS("'number'", "-3.5"), "minus three point five."},
        {SAY_AS("'ordinal'", "3"), "third."},
        {SAY_AS("'ordinal'", "VIII"), "eighth."},
        {SAY_AS("'digits'", "1905"), "one nine zero five."},
        {SAY_AS("'telephone'", "+1 555-0199"), "plus one, five five five, zero one nine nine."},
        {SAY_AS("'date' format='dmy'", "3/4/2026"), "april third, twenty twenty six."},
        {SAY_AS("'date' format='mdy'", "3/4/2026"), "march fourth, twenty twenty six."},
        {SAY_AS("'date' format='ymd'", "2026.4.3"), "april third, twenty twenty six."},
        {SAY_AS("'date' format='my'", "4/2026"), "april twenty twenty six."},
        {SAY_AS("'date' format='md'", "Apr 3"), "april third."},
        {SAY_AS("'date' format='y'", "1905"), "nineteen oh five."},
        {SAY_AS("'date' format='mdy'", "13/13/2026"), "thirteen slash thirteen slash twenty twenty six."},
        {SAY_AS("'date'", "2026-11-28"), "november twenty eighth, twenty twenty six."},
        {SAY_AS("'time'", "5:05pm"), "five oh five P M."},
        {SAY_AS("'fraction'", "2/3"), "two thirds."},
        {SAY_AS("'unit'", "5kg"), "five kilograms."},
        {SAY_AS("'currency'", "$3.50"), "three dollars and fifty cents."},
        {SAY_AS("'unheard-of'", "FBI 5"), "F B I five."},
        {SAY_AS("'digits'", ""), ""},
    };
    check_cases(SPOKEN_SSML, false, cases, sizeof cases / sizeof *cases);
}

static const char DOCUMENT[] =
    "<?xml version=\"1.0\"?>\n<speak version=\"1.1\"><p>Hello &amp; <prosody rate=\"fast\" pitch=\"+2st\" "
    "volume=\"soft\">quick</prosody> world.<break time=\"500ms\"/> Next &#x263A; one.</p>\r\n<s>One</s><s>Two <phoneme "
    "alphabet=\"ipa\" ph=\"t\xC9\x99\">tomato</phoneme>, <sub alias=\"World Wide Web\">WWW</sub>.</s> <say-as "
    "interpret-as=\"digits\">12</say-as> caf\xC3\xA9 <![CDATA[<raw> & text]]> <!-- c --> <?pi x?> "
    "<foo>kept</foo></speak>";

static void test_pieces(void **state)
{
    (void)state;
    struct spoken_reader *reader = open_reader(SPOKEN_SSML, false);
    struct text whole = {0}, said = {0};
    struct fault fault = {0};
    const size_t size = sizeof DOCUMENT - 1;
    assert_int_equal(read_in_pieces(reader, DOCUMENT, size, size, &whole, &fault), 0);
    assert_non_null(strstr(whole.bytes, "world wide web"));
    for (size_t piece = 1; piece < 60; piece++) {
        spoken_reader_reset(reader);
        assert_int_equal(read_in_pieces(reader, DOCUMENT, size, piece, &said, &fault), 0);
        assert_string_equal(said.bytes, whole.bytes);
    }
    text_free(&whole);
    text_free(&said);
    spoken_reader_close(&reader);
}

/* Every beginning of a document is refused after the sentences that it has, whole and byte by byte. */
static void test_cut_anywhere(void **state)
{
    (void)state;
    struct spoken_reader *reader = open_reader(SPOKEN_SSML, false);
    struct text whole = {0}, said = {0};
    for (size_t size = 1; size + 1 < sizeof DOCUMENT; size++) {
        struct fault fault = {0}, again = {0};
        const int error = read_in_pieces(reader, DOCUMENT, size, size, &whole, &fault);
        assert_int_equal(error, UTTER_ERROR_ARGUMENT);
        spoken_reader_reset(reader);
        assert_int_equal(read_in_pieces(reader, DOCUMENT, size, 1, &said, &again), error);
        assert_string_equal(fault.message, again.message);
        spoken_reader_reset(reader);
    }
    text_free(&whole);
    text_free(&said);
    spoken_reader_close(&reader);
}

static void test_prosody(void **state)
{
    (void)state;
    static const char text[] =
        "<speak>a <prosody rate=\"200%\" pitch=\"+2st\">bee <prosody rate=\"200%\" pitch=\"low\" "
        "volume=\"-6dB\">sea</prosody> dee</prosody> tea</speak>";
    static const struct prosody expected[] = {{1.0f, 0.0f, 0.0f, 0},
                                              {2.0f, 2.0f, 0.0f, 0},
                                              {4.0f, -1.0f, -6.0f, 0},
                                              {2.0f, 2.0f, 0.0f, 0},
                                              {1.0f, 0.0f, 0.0f, 0}};
    struct spoken_reader *reader = open_reader(SPOKEN_SSML, false);
    struct spoken_sentence sentence;
    struct fault fault = {0};
    assert_int_equal(spoken_reader_feed(reader, text, sizeof text - 1, &fault), 0);
    assert_int_equal(spoken_reader_finish(reader, &fault), 0);
    assert_int_equal(spoken_reader_next(reader, &sentence, &fault), 1);
    assert_int_equal(sentence.count, 5);
    for (size_t i = 0; i < sentence.count; i++)
        assert_memory_equal(&sentence.items[i].prosody, &expected[i], sizeof expected[i]);
    spoken_reader_close(&reader);
}

/* What a document's items are to be said with, by a voice of two speakers at 100 Hz and at 200 Hz. */
static struct spoken_reader *read_for_two(const char *text, struct spoken_sentence *sentence)
{
    static const char *const names[] = {"anna", "bert"};
    static const float hertz[] = {100.0f, 200.0f};
    const struct spoken_options options = {
        .markup = SPOKEN_SSML, .prosody = PLAIN_PROSODY, .voice = {.speakers = 2, .names = names, .hertz = hertz}};
    struct spoken_reader *reader = NULL;
    struct fault fault = {0};
    if (spoken_reader_open(&reader, &options, &fault) || spoken_reader_feed(reader, text, strlen(text), &fault) ||
        spoken_reader_finish(reader, &fault) || spoken_reader_next(reader, sentence, &fault) != 1)
        fail_msg("%s: %s", text, fault.message);
    return reader;
}

static void check_pitches(const char *text, const float *pitches, size_t count)
{
    struct spoken_sentence sentence;
    struct spoken_reader *reader = read_for_two(text, &sentence);
    assert_int_equal(sentence.count, count);
    for (size_t i = 0; i < count; i++)
        if (fabsf(sentence.items[i].prosody.pitch - pitches[i]) > 1e-4f)
            fail_msg("%s: word %zu: %g semitones", text, i, (double)sentence.items[i].prosody.pitch);
    spoken_reader_close(&reader);
}

static void test_hertz(void **state)
{
    (void)state;
    check_pitches("<speak>a <prosody pitch='200Hz'>bee <prosody pitch='100.0Hz'>sea <prosody pitch='+100Hz'>dee "
                  "<prosody pitch='-100Hz'>ee</prosody></prosody></prosody></prosody></speak>",
                  (const float[]){0, 12, 0, 12, 0}, 5);
    check_pitches("<speak>a <voice name='bert'>bee <prosody pitch='100Hz'>sea</prosody></voice> dee</speak>",
                  (const float[]){0, 0, -12, 0}, 4);
    check_pitches("<speak><prosody pitch='-500Hz'>low</prosody> <prosody pitch='9000Hz'>high</prosody></speak>",
                  (const float[]){-24, 24}, 2);
}

static void test_emphasis(void **state)
{
    (void)state;
    static const char text[] =
        "<speak>a <emphasis>bee</emphasis> <emphasis level='strong'>sea</emphasis> "
        "<emphasis level='none'>dee</emphasis> <emphasis level='reduced'>ee</emphasis> eff</speak>";
    struct spoken_sentence sentence;
    struct spoken_reader *reader = read_for_two(text, &sentence);
    assert_int_equal(sentence.count, 6);
    const struct spoken_item *plain = &sentence.items[0], *moderate = plain + 1, *strong = plain + 2,
                             *reduced = plain + 4;
    assert_true(strong->prosody.rate < moderate->prosody.rate && moderate->prosody.rate < 1.0f);
    assert_true(strong->prosody.pitch > moderate->prosody.pitch && moderate->prosody.pitch > 0.0f);
    assert_true(strong->prosody.volume > moderate->prosody.volume && moderate->prosody.volume > 0.0f);
    assert_true(reduced->prosody.rate > 1.0f && reduced->prosody.pitch < 0.0f && reduced->prosody.volume < 0.0f);
    assert_memory_equal(&plain[3].prosody, &plain->prosody, sizeof plain->prosody);
    assert_memory_equal(&plain[5].prosody, &plain->prosody, sizeof plain->prosody);
    spoken_reader_close(&reader);
}

static void test_voice(void **state)
{
    (void)state;
    static const char text[] = "<speak>a <voice name='bert'>bee <voice name='nobody  anna'>sea</voice></voice> "
                               "<voice name='1'>dee</voice> <voice name='nobody'>ee</voice> <voice gender='male'>eff"
                               "</voice> <voice name='12'>gee</voice></speak>";
    static const int speakers[] = {0, 1, 0, 1, 0, 0, 0};
    struct spoken_sentence sentence;
    struct spoken_reader *reader = read_for_two(text, &sentence);
    assert_int_equal(sentence.count, 7);
    for (size_t i = 0; i < sentence.count; i++)
        assert_int_equal(sentence.items[i].prosody.speaker, speakers[i]);
    spoken_reader_close(&reader);
}

/* Appends "name@byte" for each mark of the sentence. */
static void write_marks(struct text *out, const struct spoken_sentence *sentence)
{
    char one[64];
    for (size_t i = 0; i < sentence->mark_count; i++) {
        snprintf(one, sizeof one, "%s@%zu ", sentence->marks[i].name, sentence->marks[i].at);
        text_add_string(out, one);
    }
    text_add_string(out, sentence->count ? "| " : ".");
}

/* A mark is its sentence's, wherever the document is cut, and what is read goes on across it. */
static void check_marks(const char *text, const char *expected)
{
    struct spoken_reader *reader = open_reader(SPOKEN_SSML, false);
    const size_t size = strlen(text);
    for (size_t piece = 1; piece <= size; piece++) {
        struct spoken_sentence sentence;
        struct text marks = {0};
        struct fault fault = {0};
        for (size_t at = 0; at < size; at += piece) {
            const size_t left = size - at;
            assert_int_equal(spoken_reader_feed(reader, text + at, left < piece ? left : piece, &fault), 0);
            while (spoken_reader_next(reader, &sentence, &fault) > 0)
                write_marks(&marks, &sentence);
        }
        assert_int_equal(spoken_reader_finish(reader, &fault), 0);
        while (spoken_reader_next(reader, &sentence, &fault) > 0)
            write_marks(&marks, &sentence);
        text_add(&marks, "", 1);
        assert_string_equal(marks.bytes, expected);
        text_free(&marks);
        spoken_reader_reset(reader);
    }
    spoken_reader_close(&reader);
}

static void test_marks(void **state)
{
    (void)state;
    check_marks("<speak><mark name='a'/>Mr. <mark name='b'/>Grey has 1<mark name='c'/>2.<mark name='d'/> "
                "<s>Yes <mark name='e'/></s><mark name='f'/></speak>",
                "a@7 b@27 c@53 | d@71 | e@95 f@115 .");
    check_marks("<speak><sub alias='at once'>a<mark name='a'/></sub> "
                "<say-as interpret-as='digits'>1<mark name='b'/>2</say-as>, "
                "<phoneme ph='G R EY1'><mark name='c'/>Grey</phoneme>."
                "<metadata><mark name='d'/></metadata></speak>",
                "a@29 b@83 c@133 | ");
}

static void test_offsets(void **state)
{
    (void)state;
    static const char text[] = "<speak>R&amp;D <sub alias=\"one two\">12</sub> <phoneme ph=\"x\">ex</phoneme></speak>";
    static const size_t spans[][2] = {{7, 8}, {8, 13}, {13, 14}, {36, 38}, {36, 38}, {61, 63}};
    struct spoken_reader *reader = open_reader(SPOKEN_SSML, false);
    struct spoken_sentence sentence;
    struct fault fault = {0};
    assert_int_equal(spoken_reader_feed(reader, text, sizeof text - 1, &fault), 0);
    assert_int_equal(spoken_reader_finish(reader, &fault), 0);
    assert_int_equal(spoken_reader_next(reader, &sentence, &fault), 1);
    assert_int_equal(sentence.count, 6);
    for (size_t i = 0; i < sentence.count; i++) {
        assert_int_equal(sentence.items[i].begin, spans[i][0]);
        assert_int_equal(sentence.items[i].end, spans[i][1]);
    }
    assert_string_equal(sentence.items[5].text, "ex");
    spoken_reader_close(&reader);
}

static void test_values(void **state)
{
    (void)state;
    float value;
    double seconds;
    assert_true(ssml_read_rate("x-slow", &value) && value == 0.5f);
    assert_true(ssml_read_rate("120%", &value) && fabsf(value - 1.2f) < 1e-6f);
    assert_true(ssml_read_rate("+20%", &value) && fabsf(value - 1.2f) < 1e-6f);
    assert_true(ssml_read_rate("-20%", &value) && fabsf(value - 0.8f) < 1e-6f);
    assert_true(ssml_read_rate("1.5", &value) && value == 1.5f);
    assert_true(ssml_read_pitch("+2st", &value) && value == 2.0f);
    assert_true(ssml_read_pitch("-1.5st", &value) && value == -1.5f);
    assert_true(ssml_read_pitch("+100%", &value) && fabsf(value - 12.0f) < 1e-5f);
    assert_true(ssml_read_pitch("x-high", &value) && value > 0.0f);
    assert_true(ssml_read_volume("+6dB", &value) && value == 6.0f);
    assert_true(ssml_read_volume("50", &value) && fabsf(value + 6.0206f) < 1e-3f);
    assert_true(ssml_read_volume("silent", &value) && value == -60.0f);
    assert_true(ssml_read_volume("0", &value) && value == -60.0f);
    assert_true(ssml_read_time("500ms", &seconds) && fabs(seconds - 0.5) < 1e-9);
    assert_true(ssml_read_time("1.5s", &seconds) && fabs(seconds - 1.5) < 1e-9);
    static const char *const wrong[] = {
        "", "x", "+", "%", "1..5%", "1e3", "5 s", "s", "-5s", "1.5 st", "99999999999999999999s"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_false(ssml_read_rate(wrong[i], &value));
        assert_false(ssml_read_pitch(wrong[i], &value));
        assert_false(ssml_read_volume(wrong[i], &value));
        assert_false(ssml_read_time(wrong[i], &seconds));
    }
}

static void test_refusals(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int code;
        const char *words; /* of the message */
    } cases[] = {
        {"", UTTER_ERROR_ARGUMENT, "no element"},
        {"hello", UTTER_ERROR_ARGUMENT, "line 1, column 1"},
        {"<speak><p>Hi. <s>you", UTTER_ERROR_ARGUMENT, "<s> is not closed, of line 1, column 15"},
        {"<speak>\n<p>a</speak>", UTTER_ERROR_ARGUMENT, "<p> is not closed, of line 2, column 1"},
        {"<speak>a</speak>b", UTTER_ERROR_ARGUMENT, "line 1, column 17"},
        {"<speak>a &foo; b</speak>", UTTER_ERROR_ARGUMENT, "undefined entity"},
        {"<speak><break time='5x'/></speak>", UTTER_ERROR_ARGUMENT, "5x"},
        {"<speak><break time='61s'/></speak>", UTTER_ERROR_ARGUMENT, "60 s"},
        {"<speak><break strength='mild'/></speak>", UTTER_ERROR_ARGUMENT, "mild"},
        {"<speak><prosody rate='zippy'>a</prosody></speak>", UTTER_ERROR_ARGUMENT, "zippy"},
        {"<speak><prosody pitch='+20Hz'>a</prosody></speak>", UTTER_ERROR_UNSUPPORTED, "Hz"},
        {"<speak><prosody volume='11dBA'>a</prosody></speak>", UTTER_ERROR_ARGUMENT, "11dBA"},
        {"<speak><prosody pitch='+20Hzz'>a</prosody></speak>", UTTER_ERROR_ARGUMENT, "Hz"},
        {"<speak><emphasis level='loud'>a</emphasis></speak>", UTTER_ERROR_ARGUMENT, "reduced, not \"loud\""},
        {"<speak>a <mark/> b</speak>", UTTER_ERROR_ARGUMENT, "name"},
        {"<speak><sub alias='x'>a <mark/></sub></speak>", UTTER_ERROR_ARGUMENT, "name"},
        {"<speak><phoneme>a</phoneme></speak>", UTTER_ERROR_ARGUMENT, "ph"},
        {"<speak><phoneme alphabet='x-sampa' ph='a'>a</phoneme></speak>", UTTER_ERROR_UNSUPPORTED, "x-sampa"},
        {"<speak><sub>a</sub></speak>", UTTER_ERROR_ARGUMENT, "alias"},
        {"<speak><say-as>a</say-as></speak>", UTTER_ERROR_ARGUMENT, "interpret-as"},
        {"<!DOCTYPE x [<!ENTITY a 'b'>]><speak>&a;</speak>", UTTER_ERROR_UNSUPPORTED, "DOCTYPE"},
        {"<speak a=1>a</speak>", UTTER_ERROR_ARGUMENT, "line 1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spoken_reader *reader = open_reader(SPOKEN_SSML, false);
        struct text said = {0};
        struct fault fault = {0};
        assert_int_equal(read_in_pieces(reader, cases[i].text, strlen(cases[i].text), 7, &said, &fault), cases[i].code);
        if (!strstr(fault.message, cases[i].words))
            fail_msg("%s: %s", cases[i].text, fault.message);
        text_free(&said);
        spoken_reader_close(&reader);
    }
}

/* begin, then `times` times unit: refused with the words, after bounded work. */
static void expect_refused(const char *begin, const char *unit, size_t times, const char *words)
{
    struct spoken_reader *reader = open_reader(SPOKEN_SSML, false);
    struct spoken_sentence sentence;
    struct fault fault = {0};
    int result = spoken_reader_feed(reader, begin, strlen(begin), &fault);
    for (size_t i = 0; i < times && result >= 0; i++) {
        result = spoken_reader_feed(reader, unit, strlen(unit), &fault);
        while (result >= 0 && (result = spoken_reader_next(reader, &sentence, &fault)) == 1)
            continue;
    }
    assert_int_equal(result, UTTER_ERROR_ARGUMENT);
    assert_non_null(strstr(fault.message, words));
    spoken_reader_close(&reader);
}

static void test_bounds(void **state)
{
    (void)state;
    expect_refused("<speak>", "<b>", 100, "64 elements deep");
    expect_refused("<speak><!-- ", "comment comment comment comment comment comment comment ", 2000, "65536");
    expect_refused("<speak><say-as interpret-as='digits'>", "1234567890", 200, "1023");
    expect_refused("<speak><phoneme ph='a'>", "1234567890", 200, "1023");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_elements),     cmocka_unit_test(test_say_as),   cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_cut_anywhere), cmocka_unit_test(test_prosody),  cmocka_unit_test(test_offsets),
        cmocka_unit_test(test_hertz),        cmocka_unit_test(test_emphasis), cmocka_unit_test(test_voice),
        cmocka_unit_test(test_marks),        cmocka_unit_test(test_values),   cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
