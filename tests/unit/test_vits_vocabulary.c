/* VITS vocabularies against transformers' VitsTokenizer (tests/golden/make_vits_vocabulary.py), and files that are not
 * what they should be. */
#include "decoder/lower.h"
#include "decoder/tokens/vits_vocabulary.h"

#include <cjson/cJSON.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define GOLDEN TEST_DATA "/golden/vits/vocabulary/"

static cJSON *read_golden(const char *name)
{
    char path[512];
    static char text[1 << 16];
    snprintf(path, sizeof path, GOLDEN "%s.json", name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t length = fread(text, 1, sizeof text, file);
    fclose(file);
    cJSON *root = cJSON_ParseWithLength(text, length);
    assert_non_null(root);
    return root;
}

static struct vits_vocabulary *open_vocabulary(const char *vocab, const char *config)
{
    struct vits_vocabulary *v;
    struct fault fault = {0};
    if (vits_vocabulary_open(&v, vocab, strlen(vocab), config, config ? strlen(config) : 0, "voice", &fault))
        fail_msg("%s", fault.message);
    return v;
}

static void check_case(const struct vits_vocabulary *v, const char *name, const cJSON *item)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(item, "text"));
    const cJSON *ids = cJSON_GetObjectItem(item, "ids");
    struct vits_token *tokens;
    struct fault fault = {0};
    size_t count, before = 0;
    assert_int_equal(vits_vocabulary_encode(v, text, strlen(text), &tokens, &count, &fault), 0);
    if (count != (size_t)cJSON_GetArraySize(ids))
        fail_msg("%s: '%s' has %zu tokens instead of %d", name, text, count, cJSON_GetArraySize(ids));
    for (size_t i = 0; i < count; i++) {
        if (tokens[i].id != cJSON_GetArrayItem(ids, (int)i)->valueint)
            fail_msg("%s: token %zu of '%s' is %d", name, i, text, tokens[i].id);
        assert_true(tokens[i].begin >= before && tokens[i].begin <= strlen(text));
        before = tokens[i].begin;
    }
    free(tokens);
}

static void test_tokens_are_the_references(void **state)
{
    (void)state;
    static const char *const names[] = {"letters", "no_blank", "romanian", "cyrillic", "capitals", "ipa", "raw"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        cJSON *root = read_golden(names[i]), *item;
        char *config = cJSON_PrintUnformatted(cJSON_GetObjectItem(root, "config"));
        struct vits_vocabulary *v = open_vocabulary(cJSON_GetStringValue(cJSON_GetObjectItem(root, "vocab")), config);
        cJSON_ArrayForEach(item, cJSON_GetObjectItem(root, "cases"))
        {
            check_case(v, names[i], item);
        }
        vits_vocabulary_close(&v);
        cJSON_free(config);
        cJSON_Delete(root);
    }
}

static void check_tokens(const struct vits_vocabulary *v, const char *text, size_t length, size_t count,
                         const struct vits_token *expected)
{
    struct vits_token *tokens;
    struct fault fault = {0};
    size_t got;
    assert_int_equal(vits_vocabulary_encode(v, text, length, &tokens, &got, &fault), 0);
    assert_int_equal(got, count);
    for (size_t i = 0; i < got; i++) {
        assert_int_equal(tokens[i].id, expected[i].id);
        assert_int_equal(tokens[i].begin, expected[i].begin);
    }
    free(tokens);
}

static void test_tokens_know_their_characters(void **state)
{
    (void)state;
    struct vits_vocabulary *v =
        open_vocabulary("{\"_\": 0, \"a\": 1, \"b\": 2, \"i\": 3}", "{\"phonemize\": false, \"pad_token\": \"_\"}");
    check_tokens(v,
                 " A?\xC4\xB0\xFF"
                 "b ",
                 8, 7, (struct vits_token[]){{0, 1}, {1, 1}, {0, 3}, {3, 3}, {0, 6}, {2, 6}, {0, 8}});
    vits_vocabulary_close(&v);
}

/* With phonemize the text is what espeak wrote: white space becomes single spaces, and nothing else changes. */
static void test_phones(void **state)
{
    (void)state;
    struct vits_vocabulary *v = open_vocabulary("{\"_\": 0, \"a\": 1, \"A\": 2, \" \": 3}", NULL);
    const struct vits_rules *rules = vits_vocabulary_rules(v);
    assert_true(rules->phonemize && rules->normalize && rules->add_blank && !rules->is_uroman);
    assert_string_equal(rules->language, "");
    assert_int_equal(vits_vocabulary_size(v), 4);
    assert_int_equal(vits_vocabulary_find(v, "A", 1), 2);
    check_tokens(v, "a \n\tAx", 6, 7, (struct vits_token[]){{0, 0}, {1, 0}, {0, 1}, {3, 1}, {0, 4}, {2, 4}, {0, 6}});
    vits_vocabulary_close(&v);
}

static void test_refusals(void **state)
{
    (void)state;
    static const struct {
        const char *vocab, *config, *why;
    } bad[] = {
        {"", NULL, "not a JSON object"},
        {"[1]", NULL, "not a JSON object"},
        {"{}", NULL, "empty"},
        {"{\"a\": -1}", NULL, "not a number"},
        {"{\"a\": 1.5}", NULL, "not a number"},
        {"{\"a\": \"b\"}", NULL, "not a number"},
        {"{\"a\": 1e9}", NULL, "not a number"},
        {"{\"\": 1}", NULL, "empty symbol"},
        {"{\"a\": 1, \"b\": 1}", NULL, "two sym"},
        {"{\"a\": 1}", "7", "tokenizer_config.json"},
        {"{\"\xFF\": 1}", NULL, "not a JSON"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct vits_vocabulary *v;
        struct fault fault = {0};
        const char *config = bad[i].config;
        assert_int_equal(vits_vocabulary_open(&v, bad[i].vocab, strlen(bad[i].vocab), config,
                                              config ? strlen(config) : 0, "voice", &fault),
                         UTTER_ERROR_MODEL);
        assert_null(v);
        if (!strstr(fault.message, bad[i].why))
            fail_msg("%s", fault.message);
    }
}

static void test_lower_case(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {{"A", "a"}, {"z", "z"}, {"[", "["},   {"Ä", "ä"},         {"Ж", "ж"},
                                           {"Σ", "σ"}, {"Ț", "ț"}, {"字", "字"}, {"İ", "i\xCC\x87"}, {"𐐀", "𐐨"}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        char out[LOWER_BYTES];
        size_t n = lower_character(pairs[i][0], strlen(pairs[i][0]), out);
        assert_int_equal(n, strlen(pairs[i][1]));
        assert_memory_equal(out, pairs[i][1], n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tokens_are_the_references),
        cmocka_unit_test(test_tokens_know_their_characters),
        cmocka_unit_test(test_phones),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_lower_case),
    };
    return cmocka_run_group_tests_name("vits_vocabulary", tests, NULL, NULL);
}
