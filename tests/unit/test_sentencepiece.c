/* test_sentencepiece.c - models of characters against what the sentencepiece package makes of the same text
 * (tests/golden/make_sentencepiece.py), and files that are not what they should be. */
#include "decoder/tokens/sentencepiece.h"

#include <cjson/cJSON.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { IDS = 512 };

static char *read_file(const char *name, size_t *length)
{
    char path[512];
    snprintf(path, sizeof path, "%s/golden/sentencepiece/%s", TEST_DATA, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    char *bytes = calloc(1, 1 << 16);
    assert_non_null(bytes);
    *length = fread(bytes, 1, (1 << 16) - 1, file);
    fclose(file);
    return bytes;
}

static struct sentencepiece *open_golden(const char *name)
{
    char file[64];
    size_t length;
    struct sentencepiece *m;
    struct fault fault = {0};
    snprintf(file, sizeof file, "%s.model", name);
    char *bytes = read_file(file, &length);
    if (sentencepiece_open(&m, bytes, length, name, &fault))
        fail_msg("%s", fault.message);
    free(bytes); /* the model has its own copies */
    return m;
}

static void expect_ids(const struct sentencepiece *m, const char *text, size_t length, const cJSON *expected)
{
    int ids[IDS];
    struct fault fault = {0};
    const int64_t count = sentencepiece_encode(m, text, length, ids, IDS, &fault);
    if (count != cJSON_GetArraySize(expected))
        fail_msg("'%s' has %d ids, not %d", text, (int)count, cJSON_GetArraySize(expected));
    for (int i = 0; i < count; i++)
        if (ids[i] != cJSON_GetArrayItem(expected, i)->valueint)
            fail_msg("'%s': id %d is %d, not %d", text, i, ids[i], cJSON_GetArrayItem(expected, i)->valueint);
}

/* In place: "61ff" → "a\xff"; returns the length. */
static size_t from_hex(char *text)
{
    const size_t length = strlen(text) / 2;
    for (size_t i = 0; i < length; i++) {
        const char digits[] = {text[2 * i], text[2 * i + 1], 0};
        text[i] = (char)strtol(digits, NULL, 16);
    }
    text[length] = 0;
    return length;
}

/* The lines of a .tsv: a text and its ids. */
static void check_cases(const struct sentencepiece *m, const char *file, bool hex)
{
    size_t length;
    int cases = 0;
    char *lines = read_file(file, &length), *rest;
    for (char *line = strtok_r(lines, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest), cases++) {
        char *tab = strchr(line, '\t');
        assert_non_null(tab);
        *tab = 0;
        cJSON *text = cJSON_Parse(line), *ids = cJSON_Parse(tab + 1);
        assert_true(cJSON_IsString(text) && cJSON_IsArray(ids));
        char *copy = strdup(text->valuestring);
        expect_ids(m, copy, hex ? from_hex(copy) : strlen(copy), ids);
        free(copy);
        cJSON_Delete(text);
        cJSON_Delete(ids);
    }
    assert_true(cases >= 6);
    free(lines);
}

static void test_ids_are_the_packages(void **state)
{
    (void)state;
    static const char *const names[] = {"plain", "rules", "behind"};
    for (int i = 0; i < 3; i++) {
        char file[64];
        struct sentencepiece *m = open_golden(names[i]);
        snprintf(file, sizeof file, "%s.tsv", names[i]);
        check_cases(m, file, false);
        sentencepiece_close(&m);
        assert_null(m);
    }
}

static void test_bytes_that_are_not_text(void **state)
{
    (void)state;
    struct sentencepiece *m = open_golden("plain");
    check_cases(m, "bytes.tsv", true);
    sentencepiece_close(&m);
}

static void test_pieces(void **state)
{
    (void)state;
    struct sentencepiece *m = open_golden("plain");
    assert_int_equal(sentencepiece_model(m), SENTENCEPIECE_CHARACTERS);
    assert_int_equal(sentencepiece_size(m), 51);
    assert_string_equal(sentencepiece_piece(m, 0), "<s>");
    assert_string_equal(sentencepiece_piece(m, 4), "\xE2\x96\x81");
    assert_int_equal(sentencepiece_find(m, "</s>"), 2);
    assert_int_equal(sentencepiece_find(m, "nowhere"), -1);
    assert_int_equal(sentencepiece_unknown(m), 3);
    assert_int_equal(sentencepiece_type(m, 3), SENTENCEPIECE_UNKNOWN);
    assert_int_equal(sentencepiece_type(m, 1), SENTENCEPIECE_CONTROL);
    assert_int_equal(sentencepiece_type(m, 10), SENTENCEPIECE_NORMAL);
    assert_true(sentencepiece_score(m, 5) < 0 && sentencepiece_score(m, 5) >= sentencepiece_score(m, 50));
    sentencepiece_close(&m);
}

static void test_room_is_kept_to(void **state)
{
    (void)state;
    struct sentencepiece *m = open_golden("plain");
    struct fault fault = {0};
    int ids[4] = {-7, -7, -7, -7}, all[16];
    assert_int_equal(sentencepiece_encode(m, "the sea", 7, ids, 2, &fault), 8);
    assert_int_equal(sentencepiece_encode(m, "the sea", 7, all, 16, &fault), 8);
    assert_true(ids[0] == all[0] && ids[1] == all[1] && ids[2] == -7);
    sentencepiece_close(&m);
}

static void test_other_models_are_not_encoded_by(void **state)
{
    (void)state;
    struct sentencepiece *m = open_golden("unigram");
    struct fault fault = {0};
    int ids[4];
    assert_int_equal(sentencepiece_model(m), SENTENCEPIECE_UNIGRAM);
    assert_int_equal(sentencepiece_encode(m, "the", 3, ids, 4, &fault), UTTER_ERROR_UNSUPPORTED);
    sentencepiece_close(&m);
}

/* ---- what is no model ---- */

static void refuse(const char *bytes, size_t length, const char *says)
{
    struct sentencepiece *m;
    struct fault fault = {0};
    char *copy = malloc(length ? length : 1); /* of just its size, so that a read past the end is seen */
    assert_non_null(copy);
    memcpy(copy, bytes, length);
    assert_int_equal(sentencepiece_open(&m, copy, length, "spm.model", &fault), UTTER_ERROR_MODEL);
    assert_null(m);
    if (strncmp(fault.message, "spm.model: ", 11) != 0 || !strstr(fault.message, says))
        fail_msg("'%s' does not say '%s'", fault.message, says);
    free(copy);
}

#define REFUSE(bytes, says) refuse(bytes, sizeof bytes - 1, says)
#define UNKNOWN             "\x0a\x05\x0a\x01?\x18\x02" /* a piece "?" of type UNKNOWN */

static void test_hostile_models_are_refused(void **state)
{
    (void)state;
    REFUSE("", "no piece is the unknown one");
    REFUSE("\x0a\x03\x0a\x01x", "no piece is the unknown one");
    REFUSE("{\"a\":1}", "not a SentencePiece model");
    REFUSE("\x0a\x05\x0a\x01?\x18", "not a SentencePiece model, or it is cut short");
    REFUSE("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "not a SentencePiece model");
    REFUSE("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80", "not a SentencePiece model");
    REFUSE("\x0a\x02\x0a\x05", "a piece is damaged");
    REFUSE("\x0a\x02\x18\x01", "a piece is empty");
    REFUSE("\x0a\x03\x0a\x01\xff", "not UTF-8");
    REFUSE("\x0a\x04\x0a\x02x\0", "a piece is empty or not UTF-8");
    REFUSE("\x0a\x05\x0a\x01x\x18\x09", "of no type");
    REFUSE("\x0a\x08\x0a\x01x\x15\x00\x00\xc0\x7f", "a score that is not finite");
    REFUSE(UNKNOWN UNKNOWN, "a piece is there twice");
    REFUSE(UNKNOWN "\x0a\x05\x0a\x01!\x18\x02", "two pieces are the unknown one");
    REFUSE(UNKNOWN "\x12\x02\x18\x07", "the model is of no type");
    REFUSE(UNKNOWN "\x12\x01\x18", "training is damaged");
    REFUSE(UNKNOWN "\x1a\x03\x12\x01x", "the precompiled normalizer is damaged");
    REFUSE(UNKNOWN "\x1a\x01\x12", "the normalizer is damaged");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ids_are_the_packages),
        cmocka_unit_test(test_bytes_that_are_not_text),
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_room_is_kept_to),
        cmocka_unit_test(test_other_models_are_not_encoded_by),
        cmocka_unit_test(test_hostile_models_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
