/* test_spoken_text.c - sentences, paragraphs, pieces, offsets, long and hostile text. */
#include "spoken_check.h"

static void test_sentences(void **state)
{
    (void)state;
    static const struct spoken_case cases[] = {
        {"", ""},
        {"   \n\n \t ", ""},
        {"...", ""},
        {"\"", ""},
        {"Hello", "hello."},
        {"One. Two? Three! Four", "one. | two? | three! | four."},
        {"one. two", "one. | two."},
        {"\xE2\x80\x9CWhy?\xE2\x80\x9D she asked. \xE2\x80\x9CNo.\xE2\x80\x9D He left.",
         "why? she asked. | no. | he left."},
        {"(It rained.) We left.", "it rained. | we left."},
        {"He said (quietly) no.", "he said, quietly, no."},
        {"At 5 p.m. The meeting ended.", "at five P M. | the meeting ended."},
        {"At 5 p.m. on Monday.", "at five P M on monday."},
        {"In the U.S. The end.", "in the U S. | the end."},
        {"J. R. R. Tolkien wrote. He did.", "J R R tolkien wrote. | he did."},
        {"Mr. Smith. Mrs. Jones.", "mister smith. | missus jones."},
        {"Who is Dr. Who?", "who is doctor who?"},
        {"It is 3.5. That is all.", "it is three point five. | that is all."},
        {"Oh! what a day", "oh! what a day."},
        {"On the 12th.Is that right?", "on the twelfth. | is that right?"},
        {"see you.Then go", "see you. | then go."},
        {"Run-on\nlines are one sentence.", "run on lines are one sentence."},
        {"A wrapped line of some length that ends here and\nJohn went on.",
         "a wrapped line of some length that ends here and john went on."},
        {"Heading\nThe text begins.", "heading. | the text begins."},
        {"Heading\n\nthe text begins.", "heading. || the text begins."},
        {"One.\n\nTwo.\n \nThree.", "one. || two. || three."},
        {"One.\nTwo.", "one. | two."},
        {"1. First\n2. Second", "one, first. | two, second."},
        {"- milk\n- eggs", "milk. | eggs."},
        {"\xE2\x80\xA2 milk\n\xE2\x80\xA2 eggs", "milk. | eggs."},
        {"The woods are lovely,\nBut I have promises", "the woods are lovely, but i have promises."},
        {"Really?! Yes... Well... no.", "really? | yes. | well, no."},
        {"a\r\nb\r\n\r\nc", "a B. || C."},
    };
    CHECK_CASES(cases);
}

static const char LONG_TEXT[] =
    "Dr. Smith, who had \xC2\xA3"
    "5.50 at 5:30 p.m. on Nov. 28th, 2026, saw J. R. R. Tolkien\xE2\x80\xA6 \xE2\x80\x9CWhy?\xE2\x80\x9D she "
    "asked.\n\nChapter IV\nHenry VIII (of England) paid $2.5 million; see https://example.com/a?b=1 or call +1 (555) "
    "010-9999. It is 20\xC2\xB0"
    "C \xE2\x80\x94 caf\xC3\xA9 na\xC3\xAFve \xF0\x9F\x98\x80 \xD0\x9F\xD1\x80\xD0\xB8 2\xC2\xBD km/h, etc. "
    "The U.S. NASA met the FBI.Then it ended\n- one\n- two\n1. three\n\n\n\nOn the way to the very long end of this "
    "one "
    "sentence that has no mark but a comma, which comes here and there, and goes on for more than two hundred and "
    "fifty "
    "characters because the writer would not stop writing it although everybody who has to read it aloud would like "
    "him to stop and breathe for a moment before the next clause begins. Fin";

/* Any way to cut the text gives the same sentences. */
static void test_pieces(void **state)
{
    (void)state;
    struct spoken_reader *reader = open_reader(SPOKEN_PLAIN, false);
    struct text whole = {0}, said = {0};
    struct fault fault = {0};
    const size_t size = sizeof LONG_TEXT - 1;
    assert_int_equal(read_in_pieces(reader, LONG_TEXT, size, size, &whole, &fault), 0);
    assert_non_null(strstr(whole.bytes, "five pounds and fifty pence"));
    for (size_t piece = 1; piece < 80; piece++) {
        spoken_reader_reset(reader);
        assert_int_equal(read_in_pieces(reader, LONG_TEXT, size, piece, &said, &fault), 0);
        assert_string_equal(said.bytes, whole.bytes);
    }
    text_free(&whole);
    text_free(&said);
    spoken_reader_close(&reader);
}

/* Every beginning of the text is read too, whole and byte by byte. */
static void test_cut_anywhere(void **state)
{
    (void)state;
    struct spoken_reader *reader = open_reader(SPOKEN_PLAIN, false);
    struct text whole = {0}, said = {0};
    for (size_t size = 0; size < sizeof LONG_TEXT; size++) {
        struct fault fault = {0}, again = {0};
        const int error = read_in_pieces(reader, LONG_TEXT, size, size ? size : 1, &whole, &fault);
        spoken_reader_reset(reader);
        assert_int_equal(read_in_pieces(reader, LONG_TEXT, size, 1, &said, &again), error);
        assert_string_equal(said.bytes, whole.bytes);
        assert_string_equal(fault.message, again.message);
        assert_int_equal(error != 0, !utf8_valid(LONG_TEXT, size));
        spoken_reader_reset(reader);
    }
    text_free(&whole);
    text_free(&said);
    spoken_reader_close(&reader);
}

static void expect_item(const struct spoken_item *item, const char *text, size_t begin, size_t end)
{
    assert_string_equal(item->text, text);
    assert_int_equal(item->begin, begin);
    assert_int_equal(item->end, end);
}

static void test_offsets(void **state)
{
    (void)state;
    static const char text[] = "Hi. Caf\xC3\xA9 $3.50 at 2\xC2\xBD\xE2\x80\xA6 yes";
    struct spoken_reader *reader = open_reader(SPOKEN_PLAIN, false);
    struct spoken_sentence sentence;
    struct fault fault = {0};
    assert_int_equal(spoken_reader_feed(reader, text, sizeof text - 1, &fault), 0);
    assert_int_equal(spoken_reader_finish(reader, &fault), 0);
    assert_int_equal(spoken_reader_next(reader, &sentence, &fault), 1);
    expect_item(&sentence.items[0], "hi", 0, 2);
    assert_int_equal(sentence.end, 3);
    assert_int_equal(spoken_reader_next(reader, &sentence, &fault), 1);
    assert_int_equal(sentence.count, 12);
    expect_item(&sentence.items[0], "cafe", 4, 9);
    expect_item(&sentence.items[1], "three", 10, 15);
    expect_item(&sentence.items[5], "cents", 10, 15);
    expect_item(&sentence.items[6], "at", 16, 18);
    expect_item(&sentence.items[7], "two", 19, 22);
    expect_item(&sentence.items[10], "half", 19, 22);
    expect_item(&sentence.items[11], "yes", 26, 29);
    assert_int_equal(sentence.begin, 4);
    assert_int_equal(sentence.end, 29);
    assert_true(sentence.paragraph);
    assert_int_equal(spoken_reader_next(reader, &sentence, &fault), 0);
    spoken_reader_close(&reader);
}

/* A sentence is given as soon as the character after it is known. */
static void test_early(void **state)
{
    (void)state;
    struct spoken_reader *reader = open_reader(SPOKEN_PLAIN, false);
    struct spoken_sentence sentence;
    struct fault fault = {0};
    assert_int_equal(spoken_reader_feed(reader, "Hello there. ", 13, &fault), 0);
    assert_int_equal(spoken_reader_next(reader, &sentence, &fault), 0);
    assert_int_equal(spoken_reader_feed(reader, "A", 1, &fault), 0);
    assert_int_equal(spoken_reader_next(reader, &sentence, &fault), 1);
    assert_false(sentence.paragraph);
    assert_int_equal(spoken_reader_next(reader, &sentence, &fault), 0);
    assert_int_equal(spoken_reader_feed(reader, "nd now.\n\n", 9, &fault), 0);
    assert_int_equal(spoken_reader_next(reader, &sentence, &fault), 1);
    assert_true(sentence.paragraph);
    assert_int_equal(sentence.begin, 13);
    assert_int_equal(spoken_reader_next(reader, &sentence, &fault), 0);
    spoken_reader_close(&reader);
}

/* size bytes of text over and over: how many sentences, and the longest of them in items. */
static size_t count_sentences(const char *unit, size_t size, size_t *longest)
{
    struct spoken_reader *reader = open_reader(SPOKEN_PLAIN, false);
    struct spoken_sentence sentence;
    struct fault fault = {0};
    size_t count = 0;
    int result = 0;
    *longest = 0;
    for (size_t at = 0; at <= size; at += strlen(unit)) {
        if (at + strlen(unit) <= size)
            assert_int_equal(spoken_reader_feed(reader, unit, strlen(unit), &fault), 0);
        else
            assert_int_equal(spoken_reader_finish(reader, &fault), 0);
        while ((result = spoken_reader_next(reader, &sentence, &fault)) == 1) {
            assert_true(sentence.end - sentence.begin <= 400);
            *longest = sentence.count > *longest ? sentence.count : *longest;
            count++;
        }
        assert_int_equal(result, 0);
    }
    spoken_reader_close(&reader);
    return count;
}

static void test_megabytes(void **state)
{
    (void)state;
    size_t longest;
    assert_int_equal(
        count_sentences("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 1 << 20, &longest), 1);
    assert_int_equal(longest, 20);
    assert_int_equal(
        count_sentences("7777777777777777777777777777777777777777777777777777777777777777", 1 << 20, &longest), 1);
    assert_int_equal(longest, 200);
    assert_int_equal(
        count_sentences("................................................................", 1 << 20, &longest), 0);
    assert_int_equal(count_sentences("\n", 1 << 16, &longest), 0);
    assert_true(count_sentences("one line of words without a mark ", 1 << 18, &longest) > 1000);
    assert_true(longest <= 61);
}

static void test_long_sentences(void **state)
{
    (void)state;
    struct spoken_reader *reader = open_reader(SPOKEN_PLAIN, false);
    struct text said = {0};
    struct fault fault = {0};
    const char *end = strstr(LONG_TEXT, "On the way");
    assert_int_equal(read_in_pieces(reader, end, strlen(end), 1000, &said, &fault), 0);
    assert_non_null(strstr(said.bytes, ", | "));
    assert_non_null(strstr(said.bytes, "begins. | fin."));
    text_free(&said);
    spoken_reader_close(&reader);
}

static void test_verbatim(void **state)
{
    (void)state;
    static const struct spoken_case cases[] = {
        {"Caf\xC3\xA9 au lait, s'il vous pla\xC3\xAEt. Merci 25!",
         "Caf\xC3\xA9 au lait, s'il vous pla\xC3\xAEt. | Merci 25!"},
        {"\xD0\x9F\xD1\x80\xD0\xB8\xD0\xB2\xD0\xB5\xD1\x82, \xC2\xAB\xD0\xBC\xD0\xB8\xD1\x80\xC2\xBB.",
         "\xD0\x9F\xD1\x80\xD0\xB8\xD0\xB2\xD0\xB5\xD1\x82, \xD0\xBC\xD0\xB8\xD1\x80."},
        {"\xE4\xBD\xA0\xE5\xA5\xBD\xE3\x80\x82\xE5\xA5\xBD", "\xE4\xBD\xA0\xE5\xA5\xBD. | \xE5\xA5\xBD."},
        {"\xC2\xBFQu\xC3\xA9 tal? (Bien)", "Qu\xC3\xA9 tal? | Bien,"},
        {"z. B. 3,50 \xE2\x82\xAC", "z. | B, 3,50 \xE2\x82\xAC."},
    };
    check_cases(SPOKEN_PLAIN, true, cases, sizeof cases / sizeof *cases);
}

static void expect_refused(const char *text, size_t size, const char *what)
{
    struct spoken_reader *reader = open_reader(SPOKEN_PLAIN, false);
    struct spoken_sentence sentence;
    struct fault fault = {0};
    int error = spoken_reader_feed(reader, text, size, &fault);
    if (!error)
        error = spoken_reader_finish(reader, &fault);
    assert_int_equal(error, UTTER_ERROR_ARGUMENT);
    assert_non_null(strstr(fault.message, what));
    fault_clear(&fault);
    assert_int_equal(spoken_reader_next(reader, &sentence, &fault), UTTER_ERROR_ARGUMENT);
    assert_non_null(strstr(fault.message, what));
    spoken_reader_close(&reader);
}

static void test_refusals(void **state)
{
    (void)state;
    expect_refused("abc\xFF"
                   "def",
                   7, "byte 3");
    expect_refused("abc\xC3(", 5, "byte 3");
    expect_refused("\xED\xA0\x80", 3, "byte 0");
    expect_refused("ab\xE2\x82", 4, "byte 2");
    struct spoken_reader *reader = open_reader(SPOKEN_PLAIN, false);
    struct fault fault = {0};
    assert_int_equal(spoken_reader_finish(reader, &fault), 0);
    assert_int_equal(spoken_reader_finish(reader, &fault), UTTER_ERROR_STATE);
    fault_clear(&fault);
    assert_int_equal(spoken_reader_feed(reader, "a", 1, &fault), UTTER_ERROR_STATE);
    spoken_reader_close(&reader);
    assert_null(reader);
    const struct spoken_options options = {.prosody = {.rate = 0.0f}};
    fault_clear(&fault);
    assert_int_equal(spoken_reader_open(&reader, &options, &fault), UTTER_ERROR_ARGUMENT);
    assert_null(reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sentences),      cmocka_unit_test(test_pieces),   cmocka_unit_test(test_cut_anywhere),
        cmocka_unit_test(test_offsets),        cmocka_unit_test(test_early),    cmocka_unit_test(test_megabytes),
        cmocka_unit_test(test_long_sentences), cmocka_unit_test(test_verbatim), cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
