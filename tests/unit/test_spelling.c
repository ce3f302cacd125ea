/* test_spelling.c - what tokens write, by vocabularies of different kinds. */
#include "decoder/guide/spelling.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void expect(const char *json, const char *const *wanted, int count)
{
    struct fault fault = {0};
    struct tokenizer *tokenizer = NULL;
    struct spelling *spelling = NULL;
    if (tokenizer_open(&tokenizer, json, strlen(json), "toy", &fault) || spelling_open(&spelling, tokenizer, &fault))
        fail_msg("%s", fault.message);
    tokenizer_close(&tokenizer);
    assert_int_equal(spelling_size(spelling), count);
    for (int id = 0; id < count; id++) {
        struct spelled s = spelling_of(spelling, id);
        if (s.length != strlen(wanted[id]) || (s.length && memcmp(s.bytes, wanted[id], s.length) != 0))
            fail_msg("token %d is \"%.*s\", not \"%s\"", id, (int)s.length, s.bytes, wanted[id]);
        assert_int_equal(s.begins, wanted[id][0] == ' ');
    }
    assert_int_equal(spelling_of(spelling, -1).length, 0);
    assert_int_equal(spelling_of(spelling, count).length, 0);
    spelling_close(&spelling);
    assert_null(spelling);
}

static void test_sentencepiece(void **state)
{
    (void)state;
    static const char *const wanted[] = {"", " ", " the", "e", " of the", "\xC3", "\xC3\xA9"};
    expect("{\"pre_tokenizer\":{\"type\":\"Metaspace\",\"replacement\":\"▁\"},\"decoder\":{\"type\":\"Sequence\","
           "\"decoders\":[{\"type\":\"Replace\",\"pattern\":{\"String\":\"▁\"},\"content\":\" \"},"
           "{\"type\":\"ByteFallback\"},{\"type\":\"Fuse\"}]},\"added_tokens\":[{\"id\":0,\"content\":\"<unk>\","
           "\"special\":true}],\"model\":{\"type\":\"Unigram\",\"unk_id\":0,\"vocab\":[[\"<unk>\",0],[\"▁\",-1],"
           "[\"▁the\",-1],[\"e\",-1],[\"▁of▁the\",-1],[\"<0xC3>\",-1],[\"é\",-1]]}}",
           wanted, 7);
}

static void test_byte_level(void **state)
{
    (void)state;
    static const char *const wanted[] = {" ", " the", "e", "\xC3", "\xC3\xA9"};
    expect(
        "{\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"add_prefix_space\":false},\"decoder\":{\"type\":\"ByteLevel\"},"
        "\"model\":{\"type\":\"BPE\",\"vocab\":{\"Ġ\":0,\"Ġthe\":1,\"e\":2,\"Ã\":3,\"Ã©\":4},\"merges\":[]}}",
        wanted, 5);
}

static void test_without_decoder(void **state)
{
    (void)state;
    static const char *const wanted[] = {"", " yes", " no"};
    expect("{\"added_tokens\":[{\"id\":0,\"content\":\"<unk>\",\"special\":true}],\"model\":{\"type\":\"Unigram\","
           "\"unk_id\":0,\"vocab\":[[\"<unk>\",0],[\"yes\",-1],[\"no\",-1]]}}",
           wanted, 3);
}

static void test_whisper(void **state)
{
    (void)state;
    struct fault fault = {0};
    struct whisper_vocabulary *vocabulary = NULL;
    struct spelling *spelling = NULL;
    if (whisper_vocabulary_open(&vocabulary, 51864, NULL, NULL, "toy", &fault) ||
        spelling_open_whisper(&spelling, vocabulary, &fault))
        fail_msg("%s", fault.message);
    for (int id = 0; id < 51864; id++) {
        size_t length;
        const char *bytes = whisper_vocabulary_bytes(vocabulary, id, &length);
        struct spelled s = spelling_of(spelling, id);
        assert_int_equal(s.length, length);
        if (length)
            assert_memory_equal(s.bytes, bytes, length);
    }
    assert_true(spelling_of(spelling, 300).begins);
    assert_int_equal(spelling_of(spelling, whisper_vocabulary_special(vocabulary)->eot).length, 0);
    spelling_close(&spelling);
    whisper_vocabulary_close(&vocabulary);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sentencepiece),
        cmocka_unit_test(test_byte_level),
        cmocka_unit_test(test_without_decoder),
        cmocka_unit_test(test_whisper),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
