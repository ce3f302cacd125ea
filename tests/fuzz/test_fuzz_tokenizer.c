/* test_fuzz_tokenizer.c - hostile tokenizer files: each is refused with one sentence, or opens and can be used. */
#include "decoder/tokens/tokenizer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BPE(vocab, merges) "{\"model\":{\"type\":\"BPE\",\"vocab\":" vocab ",\"merges\":" merges "}}"
#define UNIGRAM(rest)      "{\"model\":{\"type\":\"Unigram\"," rest "}}"
#define WITH(steps)        "{" steps ",\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[]}}"

static void use(struct tokenizer *t)
{
    int ids[64] = {-1, 0, 1, 2, INT32_MAX, INT32_MIN};
    char text[16];
    tokenizer_decode(t, ids, 6, text, sizeof text);
    tokenizer_decode(t, ids, 6, NULL, 0);
    int64_t count = tokenizer_encode(t, "a b<s>\xC3\xA9", 8, ids, 64, NULL);
    if (count > 0)
        tokenizer_decode(t, ids, (size_t)(count < 64 ? count : 64), text, sizeof text);
}

/* Opens bytes in a block of just their size, so that a read past the end is seen. */
static int open_bytes(const char *bytes, size_t length, struct fault *fault)
{
    struct tokenizer *t = NULL;
    char *copy = malloc(length ? length : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, length);
    int error = tokenizer_open(&t, copy, length, "hostile.json", fault);
    free(copy);
    if (error) {
        assert_null(t);
        assert_int_equal(fault->code, error);
        assert_non_null(strstr(fault->message, "hostile.json"));
    } else {
        use(t);
        tokenizer_close(&t);
    }
    return error;
}

static void expect(int code, const char *json)
{
    struct fault fault = {0};
    int error = open_bytes(json, strlen(json), &fault);
    if (error != code)
        fail_msg("%.100s gave %d (%s), not %d", json, error, fault.message, code);
}

static void test_damaged(void **state)
{
    (void)state;
    static const char *const damaged[] = {
        "",
        " ",
        "{",
        "null",
        "[]",
        "7",
        "\"x\"",
        "{}",
        "{\"model\":7}",
        "{\"model\":{}} ",
        "\xFF\xFE",
        "{\"model\":\"\xC3\"}",
        BPE("{\"a\":-1}", "[]"),
        BPE("{\"a\":1.5}", "[]"),
        BPE("{\"a\":1e99}", "[]"),
        BPE("{\"a\":2147483647}", "[]"),
        BPE("{\"a\":\"0\"}", "[]"),
        BPE("{\"a\":null}", "[]"),
        BPE("{\"a\":0,\"b\":0}", "[]"),
        BPE("[]", "[]"),
        BPE("7", "[]"),
        BPE("{\"a\":0}", "{}"),
        BPE("{\"a\":0}", "null"),
        BPE("{\"a\":0}", "[\"a\"]"),
        BPE("{\"a\":0}", "[\"a b c\"]"),
        BPE("{\"a\":0}", "[\"a b\"]"),
        BPE("{\"a\":0,\"b\":1}", "[\"a b\"]"),
        BPE("{\"a\":0}", "[[\"a\"]]"),
        BPE("{\"a\":0}", "[[\"a\",7]]"),
        BPE("{\"a\":0}", "[[\"a\",\"a\",\"a\"]]"),
        BPE("{\"a\":0}", "[7]"),
        BPE("{\"\\ud800\":0}", "[]"),
        UNIGRAM("\"vocab\":[]"),
        UNIGRAM("\"vocab\":{}"),
        UNIGRAM("\"vocab\":[[\"a\"]]"),
        UNIGRAM("\"vocab\":[[\"a\",\"b\"]]"),
        UNIGRAM("\"vocab\":[[1,2]]"),
        UNIGRAM("\"vocab\":[[\"a\",1e999]]"),
        UNIGRAM("\"vocab\":[[\"a\",-1]],\"unk_id\":1"),
        UNIGRAM("\"vocab\":[[\"a\",-1]],\"unk_id\":-1"),
        WITH("\"added_tokens\":{}"),
        WITH("\"added_tokens\":[7]"),
        WITH("\"added_tokens\":[{\"content\":\"x\"}]"),
        WITH("\"added_tokens\":[{\"id\":-5,\"content\":\"x\"}]"),
        WITH("\"added_tokens\":[{\"id\":1e9,\"content\":\"x\"}]"),
        WITH("\"decoder\":7"),
        WITH("\"decoder\":{}"),
        WITH("\"decoder\":{\"type\":7}"),
        WITH("\"decoder\":{\"type\":\"Sequence\"}"),
        WITH("\"decoder\":{\"type\":\"Replace\"}"),
        WITH("\"decoder\":{\"type\":\"Replace\",\"content\":\"\"}"),
        WITH("\"decoder\":{\"type\":\"Strip\"}"),
        WITH("\"decoder\":{\"type\":\"Metaspace\",\"replacement\":\"\"}"),
        WITH("\"decoder\":{\"type\":\"Metaspace\",\"replacement\":\"ab\"}"),
        WITH("\"normalizer\":{\"type\":\"Prepend\"}"),
        WITH("\"normalizer\":{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"!!\"}"),
        WITH("\"normalizer\":{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"AAAA\"}"),
        WITH("\"normalizer\":{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"/////////////w==\"}"),
        WITH("\"pre_tokenizer\":{\"type\":\"Split\",\"pattern\":{\"String\":\"a\"},\"behavior\":\"Odd\"}"),
        WITH("\"pre_tokenizer\":{\"type\":\"Split\",\"behavior\":\"Removed\"}"),
    };
    for (size_t i = 0; i < sizeof damaged / sizeof damaged[0]; i++)
        expect(damaged[i][0] == '{' && strstr(damaged[i], "\"model\":{}") ? UTTER_ERROR_UNSUPPORTED : UTTER_ERROR_MODEL,
               damaged[i]);
}

static void test_unsupported(void **state)
{
    (void)state;
    expect(UTTER_ERROR_UNSUPPORTED, "{\"model\":{\"type\":\"WordPiece\",\"vocab\":{}}}");
    expect(UTTER_ERROR_UNSUPPORTED, WITH("\"decoder\":{\"type\":\"Mystery\"}"));
    expect(UTTER_ERROR_UNSUPPORTED, WITH("\"normalizer\":{\"type\":\"Mystery\"}"));
    expect(UTTER_ERROR_UNSUPPORTED, WITH("\"pre_tokenizer\":{\"type\":\"Mystery\"}"));
    expect(UTTER_ERROR_UNSUPPORTED, WITH("\"decoder\":{\"type\":\"Metaspace\",\"prepend_scheme\":\"odd\"}"));
    expect(UTTER_ERROR_UNSUPPORTED,
           WITH("\"decoder\":{\"type\":\"Replace\",\"content\":\"\",\"pattern\":{\"Regex\":\"(\"}}"));
    expect(
        UTTER_ERROR_UNSUPPORTED,
        WITH(
            "\"decoder\":{\"type\":\"Replace\",\"content\":\"\",\"pattern\":{\"Regex\":\"((a{9999}){9999}){9999}\"}}"));
}

static void test_odd_but_whole(void **state)
{
    (void)state;
    expect(0, BPE("{}", "[]"));
    expect(0, BPE("{\"\":0}", "[]"));
    expect(0, BPE("{\"a\":4000000}", "[]"));
    expect(0, BPE("{\"a\":0,\"a\":1}", "[]"));
    expect(0, BPE("{\"\\u0000\":0,\"\":1}", "[]"));
    expect(0, WITH("\"added_tokens\":[{\"id\":0,\"content\":\"\"},{\"id\":0,\"content\":\"<s>\",\"special\":true}]"));
    expect(0, WITH("\"decoder\":{\"type\":\"Strip\",\"content\":\"\",\"start\":1e300,\"stop\":-1}"));
    expect(0, WITH("\"decoder\":{\"type\":\"Replace\",\"content\":\"x\",\"pattern\":{\"Regex\":\"(?=a)\\\\K|$\"}}"));
    expect(0, WITH("\"pre_tokenizer\":{\"type\":\"Split\",\"pattern\":{\"String\":\"\"},\"behavior\":\"Isolated\"}"));
    expect(0, WITH("\"normalizer\":{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"BAAAAP////8AAA==\"}"));
}

static void test_deep(void **state)
{
    (void)state;
    enum { DEPTH = 100000 };
    char *json = malloc(DEPTH * 40 + 100);
    assert_non_null(json);
    struct fault fault = {0};
    memset(json, '[', DEPTH);
    assert_int_equal(open_bytes(json, DEPTH, &fault), UTTER_ERROR_MODEL);
    size_t length = (size_t)sprintf(json, "{\"model\":{\"type\":\"BPE\",\"vocab\":{},\"merges\":[]},\"decoder\":");
    for (int i = 0; i < DEPTH; i++, length += 32)
        memcpy(json + length, "{\"type\":\"Sequence\",\"decoders\":[  ", 32);
    fault_clear(&fault);
    assert_int_equal(open_bytes(json, length, &fault), UTTER_ERROR_MODEL);
    free(json);
}

/* Every beginning of a real file, and the file with single bytes changed. */
static void test_cut_and_flipped(void **state)
{
    (void)state;
    static const char *const names[] = {"bpe_parakeet", "unigram_charsmap", "splits"};
    static char bytes[1 << 16];
    for (size_t n = 0; n < sizeof names / sizeof names[0]; n++) {
        char path[512];
        snprintf(path, sizeof path, "%s/golden/tokenizers/%s.json", TEST_DATA, names[n]);
        FILE *file = fopen(path, "rb");
        assert_non_null(file);
        size_t length = fread(bytes, 1, sizeof bytes, file);
        fclose(file);
        struct fault fault = {0};
        assert_int_equal(open_bytes(bytes, length, &fault), 0);
        for (size_t cut = 0; cut < length; cut += 97) {
            fault_clear(&fault);
            assert_int_equal(open_bytes(bytes, cut, &fault), UTTER_ERROR_MODEL);
        }
        for (size_t at = 0; at < length; at += 61) {
            char kept = bytes[at];
            bytes[at] = (char)(kept ^ (1 << at % 7));
            fault_clear(&fault);
            open_bytes(bytes, length, &fault);
            bytes[at] = kept;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_damaged), cmocka_unit_test(test_unsupported),     cmocka_unit_test(test_odd_but_whole),
        cmocka_unit_test(test_deep),    cmocka_unit_test(test_cut_and_flipped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
