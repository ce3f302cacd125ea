/* test_ngram.c - language models against KenLM's scores, what the vocabulary finds, and the broken ARPA files. */
#include "decoder/guide/ngram.h"
#include "src/base/mapping.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

static struct ngram *open_arpa(const char *path, bool quantize, void **bytes)
{
    struct ngram *g = NULL;
    struct fault fault = {0};
    size_t size;
    if (ngram_read_arpa(path, quantize, bytes, &size, &fault) || ngram_open(&g, *bytes, size, "small", &fault))
        fail_msg("%s", fault.message);
    return g;
}

/* The largest difference from KenLM over every word of scores. */
static double difference(const struct ngram *g, const char *scores_name)
{
    char line[1024];
    snprintf(line, sizeof line, TEST_DATA "/golden/ngram/%s", scores_name);
    FILE *file = fopen(line, "r");
    double worst = 0.0;
    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        char *scores = strchr(line, '\t');
        struct ngram_state state;
        ngram_begin(g, &state);
        *scores++ = '\0';
        for (char *word = strtok(line, " "); scores; word = strtok(NULL, " ")) {
            uint32_t id = word ? ngram_find(g, word, strlen(word)) : ngram_end_of_sentence(g);
            double expected = strtod(scores, &scores);
            worst = fmax(worst, fabs(ngram_score(g, &state, id, &state) - expected));
            if (!word)
                break;
        }
    }
    fclose(file);
    return worst;
}

static void test_same_as_kenlm(void **state)
{
    (void)state;
    void *bytes;
    struct ngram *g = open_arpa(TEST_DATA "/golden/ngram/small.arpa", false, &bytes);
    assert_int_equal(ngram_order(g), 4);
    assert_true(difference(g, "scores.txt") < 1e-4);
    ngram_close(&g);
    free(bytes);
    g = open_arpa(TEST_DATA "/golden/ngram/small.arpa", true, &bytes);
    printf("quantized: %.4f\n", difference(g, "scores.txt"));
    assert_true(difference(g, "scores.txt") < 0.05);
    ngram_close(&g);
    free(bytes);
}

static void pack(const char *from, const char *to)
{
    FILE *plain = fopen(from, "rb");
    gzFile packed = gzopen(to, "wb");
    char text[4096];
    assert_true(plain && packed);
    for (size_t n; (n = fread(text, 1, sizeof text, plain)) > 0;)
        assert_int_equal(gzwrite(packed, text, (unsigned)n), n);
    fclose(plain);
    gzclose(packed);
}

static void test_gzip(void **state)
{
    (void)state;
    const char *path = "test_ngram.arpa.gz";
    char text[4096];
    void *bytes;
    pack(TEST_DATA "/golden/ngram/small.arpa", path);
    struct ngram *g = open_arpa(path, false, &bytes);
    assert_true(difference(g, "scores.txt") < 1e-4);
    ngram_close(&g);
    free(bytes);
    /* cut short: one sentence that says so */
    FILE *cut = fopen(path, "r+b");
    size_t length = fread(text, 1, 1500, cut), size;
    fclose(cut);
    cut = fopen(path, "wb");
    fwrite(text, 1, length, cut);
    fclose(cut);
    struct fault fault = {0};
    assert_int_equal(ngram_read_arpa(path, false, &bytes, &size, &fault), UTTER_ERROR_MODEL);
    assert_non_null(strstr(fault.message, "ends early"));
    remove(path);
}

/* Of order 6, compressed, and then from a file of ours that is mapped. */
static void test_deep(void **state)
{
    (void)state;
    const char *packed = "test_ngram_deep.arpa.gz", *binary = "test_ngram_deep.bin";
    struct fault fault = {0};
    struct mapping mapping;
    struct ngram *g = NULL;
    void *bytes;
    size_t size;
    pack(TEST_DATA "/golden/ngram/deep.arpa", packed);
    assert_int_equal(ngram_read_arpa(packed, false, &bytes, &size, &fault), 0);
    FILE *file = fopen(binary, "wb");
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    fclose(file);
    free(bytes);
    assert_int_equal(mapping_open(&mapping, binary, &fault), 0);
    assert_int_equal(ngram_open(&g, mapping.data, mapping.size, binary, &fault), 0);
    assert_int_equal(ngram_order(g), 6);
    assert_true(difference(g, "deep_scores.txt") < 1e-4);
    ngram_close(&g);
    mapping_close(&mapping);
    remove(packed);
    remove(binary);
}

static void test_vocabulary(void **state)
{
    (void)state;
    void *bytes;
    struct ngram *g = open_arpa(TEST_DATA "/golden/ngram/small.arpa", false, &bytes);
    struct ngram_prefix all = {0, ngram_words(g), 0};
    assert_int_equal(ngram_words(g), 15);
    assert_int_equal(ngram_find(g, "ande", 4), 0);
    assert_int_equal(ngram_find(g, "", 0), 0);
    struct ngram_prefix an = ngram_narrow(g, all, "an", 2);
    assert_int_equal(an.end - an.begin, 3);
    assert_int_equal(ngram_whole(g, an), ngram_find(g, "an", 2));
    struct ngram_prefix ande = ngram_narrow(g, an, "de", 2);
    assert_int_equal(ande.end - ande.begin, 1);
    assert_int_equal(ngram_whole(g, ande), 0);
    struct ngram_prefix andes = ngram_narrow(g, ande, "s", 1);
    assert_int_equal(ngram_whole(g, andes), ngram_find(g, "andes", 5));
    struct ngram_prefix none = ngram_narrow(g, andes, "s", 1);
    assert_true(none.begin == none.end && ngram_best(g, none) == -INFINITY);
    float best = -INFINITY;
    for (uint32_t word = an.begin; word < an.end; word++) {
        struct ngram_state nothing = {0};
        best = fmaxf(best, ngram_score(g, &nothing, word, &nothing));
    }
    assert_true(ngram_best(g, an) == best);
    struct ngram_prefix mark = ngram_narrow(g, all, "<s>", 3); /* nobody says it */
    assert_true(ngram_whole(g, mark) == 0 && ngram_best(g, mark) == -INFINITY);
    ngram_close(&g);
    free(bytes);
}

static void test_broken_arpa(void **state)
{
    (void)state;
#define HEAD "\\data\\\nngram 1=2\nngram 2=1\n\n\\1-grams:\n"
    static const struct {
        const char *text, *expected;
    } broken[] = {
        {"", "not an ARPA file"},
        {"hello\n", "not an ARPA file"},
        {"\\data\\\n", "ends before"},
        {"\\data\\\n\\end\\\n", "no 'ngram 1=COUNT'"},
        {"\\data\\\nngram 2=1\n", "the next N"},
        {"\\data\\\nngram 1=-1\n", "not a count"},
        {"\\data\\\nngram 1=99999999999999999999999\n", "not a count"},
        {"\\data\\\nngram 1=1\n\\2-grams:\n", "not the title"},
        {HEAD "-1 a\n", "ends before"},
        {HEAD "-1 a\n\\2-grams:\n", "line 7: 1 1-grams, and \\data\\ says 2"},
        {HEAD "-1\n", "not a probability, the words"},
        {HEAD "-1 a b c d e f g h i j k l m n o p\n", "not a probability, the words"},
        {HEAD "x a\n", "the probability is not a number"},
        {HEAD "nan a\n", "the probability is not a number"},
        {HEAD "-1e99999999999 a\n", "the probability is not a number"},
        {HEAD "-1 a\n-1 b\n\\2-grams:\n-1 a c\n", "a word that is no 1-gram"},
        {HEAD "-1e99 a\n", "the probability is not a number"},
        {HEAD "0.5 a\n", "a probability above 1"},
        {HEAD "-1 a x\n", "the back-off is not a number"},
        {HEAD "-1 a 1e30\n", "the back-off is beyond"},
        {HEAD "-1 a\n-1 a\n\\2-grams:\n", "the word 'a' is there twice"},
        {HEAD "-1 a\n-1 b\n\\2-grams:\n-1 a b -1\n", "not a probability, the words"},
        {HEAD "-1 a\n-1 b\n\\2-grams:\n-1 a b\n\\3-grams:\n", "more orders"},
        {"\\data\\\nngram 1=1\nngram 2=2\n\\1-grams:\n-1 a\n\\2-grams:\n-1 a a\n-1 a a\n\\end\\\n", "there twice"},
        {"\\data\\\nngram 1=1\nngram 2=1\nngram 3=1\nngram 4=1\nngram 5=1\nngram 6=1\nngram 7=1\nngram 8=1\nngram "
         "9=1\n",
         "at most 8"},
    };
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        struct fault fault = {0};
        void *bytes = NULL;
        size_t size;
        assert_true(ngram_parse_arpa(broken[i].text, strlen(broken[i].text), "x", false, &bytes, &size, &fault) < 0);
        if (!strstr(fault.message, broken[i].expected))
            fail_msg("case %zu: '%s', not '%s'", i, fault.message, broken[i].expected);
        assert_null(bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_as_kenlm), cmocka_unit_test(test_gzip),        cmocka_unit_test(test_deep),
        cmocka_unit_test(test_vocabulary),    cmocka_unit_test(test_broken_arpa),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
