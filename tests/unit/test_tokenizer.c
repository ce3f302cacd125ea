/* test_tokenizer.c - tokenizers against what the tokenizers package makes of the same text (tests/golden/tokenizers).
 */
#include "decoder/tokens/tokenizer.h"

#include <cjson/cJSON.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { IDS = 512, TEXT = 4096 };

static char *read_file(const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    char *bytes = malloc(1 << 20);
    assert_non_null(bytes);
    *length = fread(bytes, 1, (1 << 20) - 1, file);
    bytes[*length] = 0;
    fclose(file);
    return bytes;
}

static struct tokenizer *open_golden(const char *name)
{
    char path[512];
    size_t length;
    struct tokenizer *t = NULL;
    struct fault fault = {0};
    snprintf(path, sizeof path, "%s/golden/tokenizers/%s.json", TEST_DATA, name);
    char *json = read_file(path, &length);
    if (tokenizer_open(&t, json, length, name, &fault))
        fail_msg("%s", fault.message);
    free(json);
    return t;
}

static size_t parse_ids(const char *json, int *ids)
{
    size_t count = 0;
    cJSON *list = cJSON_Parse(json);
    assert_true(cJSON_IsArray(list));
    for (const cJSON *item = list->child; item; item = item->next)
        ids[count++] = item->valueint;
    cJSON_Delete(list);
    return count;
}

static char *parse_text(const char *json)
{
    cJSON *item = cJSON_Parse(json);
    assert_true(cJSON_IsString(item));
    char *copy = strdup(item->valuestring);
    cJSON_Delete(item);
    return copy;
}

static void check_decode(const struct tokenizer *t, const char *line, const int *ids, size_t count,
                         const char *expected)
{
    char text[TEXT];
    size_t length = tokenizer_decode(t, ids, count, text, sizeof text);
    if (strcmp(text, expected) != 0)
        fail_msg("%s: decoded to '%s', not '%s'", line, text, expected);
    assert_int_equal(length, strlen(expected));
}

/* Where the normalizer needs Unicode tables, a refusal is right, a wrong answer is not. Returns 1 for a refusal. */
static int check_encode(const struct tokenizer *t, const char *line, const char *text, const int *expected,
                        size_t count)
{
    int ids[IDS];
    struct fault fault = {0};
    int64_t got = tokenizer_encode(t, text, strlen(text), ids, IDS, &fault);
    if (got == UTTER_ERROR_UNSUPPORTED)
        return 1;
    if (got < 0)
        fail_msg("%s: %s", line, fault.message);
    for (size_t i = 0; i < (size_t)got && i < count; i++)
        if (ids[i] != expected[i])
            fail_msg("%s: id %zu is %d, not %d", line, i, ids[i], expected[i]);
    assert_int_equal(got, count);
    return 0;
}

/* One line: text or "decode", ids, decoded. Returns 1 for a refusal to encode. */
static int check_line(const struct tokenizer *t, char *line)
{
    char whole[160];
    int ids[IDS], refused = 0;
    snprintf(whole, sizeof whole, "%.150s", line);
    char *ids_json = strchr(line, '\t');
    assert_non_null(ids_json);
    *ids_json++ = 0;
    char *decoded_json = strchr(ids_json, '\t');
    assert_non_null(decoded_json);
    *decoded_json++ = 0;
    size_t count = parse_ids(ids_json, ids);
    char *decoded = parse_text(decoded_json);
    if (strcmp(line, "decode") != 0) {
        char *text = parse_text(line);
        refused = check_encode(t, whole, text, ids, count);
        free(text);
    }
    check_decode(t, whole, ids, count, decoded);
    free(decoded);
    return refused;
}

static void check_golden(const char *name, int refusals)
{
    char path[512], *rest;
    size_t length;
    int lines = 0, refused = 0;
    struct tokenizer *t = open_golden(name);
    snprintf(path, sizeof path, "%s/golden/tokenizers/%s.tsv", TEST_DATA, name);
    char *table = read_file(path, &length);
    for (char *line = strtok_r(table, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest), lines++)
        refused += check_line(t, line);
    assert_true(lines > 70);
    assert_int_equal(refused, refusals);
    free(table);
    tokenizer_close(&t);
    assert_null(t);
}

static void test_golden(void **state)
{
    (void)state;
    check_golden("bpe_parakeet", 0);
    check_golden("bpe_byte_level", 0);
    check_golden("bpe_whisper", 0);
    check_golden("bpe_llama", 0);
    check_golden("unigram", 0);
    check_golden("unigram_bytes", 0);
    check_golden("unigram_charsmap", 0);
    check_golden("llama3_like", 0);
}

static void test_golden_unicode_refused(void **state)
{
    (void)state;
    check_golden("splits", 4);
    check_golden("words", 13);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_golden_unicode_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
