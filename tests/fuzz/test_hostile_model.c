/* Model files made to break a reader: each gives one sentence that names the file and the fault. Run under
 * AddressSanitizer, where a byte read behind a file or left unfreed ends the test. */
#include "models/fastconformer/fastconformer.h"
#include "models/load/json.h"
#include "models/load/safetensors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#define GOLDEN TEST_DATA "/golden/"

/* ---- from memory ---- */

/* The bytes in a block of exactly their size, so that AddressSanitizer sees the first one behind it. */
static int read_bytes(const void *bytes, size_t size, struct fault *fault)
{
    struct stored_list list = {0};
    unsigned char *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    int code = safetensors_read(copy, size, "m.safetensors", "m.safetensors", &list, fault);
    for (size_t i = 0; i < list.count && !code; i++) {
        struct stored_statistics s;
        stored_statistics(&list.items[i], &s);
    }
    stored_list_release(&list);
    free(copy);
    return code;
}

static void expect(const void *bytes, size_t size, int code, const char *says)
{
    struct fault fault = {0};
    assert_int_equal(read_bytes(bytes, size, &fault), code);
    if (code && (!strstr(fault.message, "m.safetensors: ") || !strstr(fault.message, says)))
        fail_msg("'%s' does not say '%s'", fault.message, says);
    for (const char *c = fault.message; *c; c++)
        assert_true(*c >= 0x20 && *c < 0x7f);
}

/* A file of this header, and data bytes of zeros behind it. */
static void expect_header(const char *header, size_t data, int code, const char *says)
{
    uint64_t length = strlen(header);
    unsigned char *file = calloc(1, 8 + length + data);
    assert_non_null(file);
    memcpy(file, &length, 8);
    memcpy(file + 8, header, length);
    expect(file, 8 + length + data, code, says);
    free(file);
}

enum { BAD = UTTER_ERROR_MODEL, OTHER = UTTER_ERROR_UNSUPPORTED };

static void test_header_lengths(void **state)
{
    (void)state;
    expect("", 0, BAD, "the file is empty");
    expect("1234567", 7, BAD, "too few");
    expect("\0\0\0\0\0\0\0\0", 8, BAD, "not valid JSON");
    expect("\2\0\0\0\0\0\0\0", 8, BAD, "longer than the file");
    expect("\2\0\0\0\0\0\0\0{", 9, BAD, "longer than the file");
    expect("\2\0\0\0\0\0\0\0{}", 10, 0, "");
    expect("\2\0\0\0\0\0\0\0{}x", 11, BAD, "1 bytes at the end belong to no tensor");
    expect("\377\377\377\377\377\377\377\377{}", 10, BAD, "over the limit");
    expect("\0\0\0\0\0\0\0\200{}", 10, BAD, "over the limit");
    expect("\0\341\365\5\0\0\0\0{}", 10, BAD, "longer than the file");
    expect("PK\3\4 and so on, a zip file", 25, OTHER, "not a safetensors file");
    expect("GGUF\3\0\0\0\1\0\0\0", 12, OTHER, "not a safetensors file");
}

static void test_headers_that_are_not_json(void **state)
{
    (void)state;
    expect_header("{", 0, BAD, "not valid JSON");
    expect_header("{\"a\":", 0, BAD, "not valid JSON");
    expect_header("{} x", 0, BAD, "not valid JSON");
    expect_header("{}{}", 0, BAD, "not valid JSON");
    expect_header("{\"a", 0, BAD, "not valid JSON");
    expect_header("{\"a\\", 0, BAD, "not valid JSON");
    expect_header("{\"a\\u0000b\":{}}", 0, BAD, "NUL");
    expect("\3\0\0\0\0\0\0\0{\0}", 11, BAD, "NUL");
    expect_header("{\"a\":3}", 0, BAD, "tensor 'a' is not described by an object");
    expect_header("{\"a\":{}}", 0, BAD, "tensor 'a' has no dtype");
    expect_header("{\"\":{}}", 0, BAD, "no name");
}

/* A reader that recurses would run out of stack; one that builds a tree first, out of memory. */
static void test_json_too_deep_or_too_wide(void **state)
{
    (void)state;
    enum { SIZE = 5000000 };
    char *text = malloc(SIZE + 1);
    assert_non_null(text);
    text[SIZE] = 0;
    memset(text, '[', SIZE);
    memcpy(text, "{\"a\":", 5);
    expect_header(text, 0, BAD, "nested deeper");
    for (int i = 5; i + 5 <= SIZE; i += 5)
        memcpy(text + i, "{\"a\":", 5);
    expect_header(text, 0, BAD, "nested deeper");
    memset(text, ',', SIZE);
    memcpy(text, "{\"a\":[", 6);
    expect_header(text, 0, BAD, "more than 2000000 values");
    free(text);
}

#define TENSOR(name, type, shape, offsets)                                                                             \
    "\"" name "\":{\"dtype\":\"" type "\",\"shape\":" shape ",\"data_offsets\":" offsets "}"

static void test_types_and_shapes(void **state)
{
    (void)state;
    expect_header("{" TENSOR("a", "F32", "[1]", "[0,4]") "}", 4, 0, "");
    expect_header("{" TENSOR("a", "f32", "[1]", "[0,4]") "}", 4, OTHER, "unknown type 'f32'");
    expect_header("{" TENSOR("a", "F4\\n\\u001b[31m", "[1]", "[0,4]") "}", 4, OTHER,
                  "unknown type 'F4?"
                  "?[31m'");
    expect_header("{" TENSOR("a", "F32", "1", "[0,4]") "}", 4, BAD, "no shape");
    expect_header("{" TENSOR("a", "F32", "[1.5]", "[0,4]") "}", 4, BAD, "not a whole number");
    expect_header("{" TENSOR("a", "F32", "[-1]", "[0,4]") "}", 4, BAD, "not a whole number");
    expect_header("{" TENSOR("a", "F32", "[\"1\"]", "[0,4]") "}", 4, BAD, "not a whole number");
    expect_header("{" TENSOR("a", "F32", "[1e999]", "[0,4]") "}", 4, BAD, "not a whole number");
    expect_header("{" TENSOR("a", "F32", "[9223372036854775807]", "[0,4]") "}", 4, BAD, "not a whole number");
    expect_header("{" TENSOR("a", "F32", "[1,1,1,1,1,1,1,1,1]", "[0,4]") "}", 4, BAD, "more than 8 dimensions");
    expect_header("{" TENSOR("a", "F32", "[4294967296,4294967296,2]", "[0,4]") "}", 4, BAD, "overflows");
    expect_header("{" TENSOR("a", "F64", "[4294967296,4294967296]", "[0,0]") "}", 0, BAD, "overflows");
    expect_header("{" TENSOR("a", "F32", "[2]", "[0,4]") "}", 4, BAD, "another size");
    expect_header("{" TENSOR("a\\r\\n\\u0007", "F32", "[2]", "[0,4]") "}", 4, BAD,
                  "tensor 'a?"
                  "?"
                  "?' has another size");
}

static void test_offsets(void **state)
{
    (void)state;
    expect_header("{" TENSOR("a", "F32", "[1]", "[0]") "}", 4, BAD, "no data_offsets");
    expect_header("{" TENSOR("a", "F32", "[1]", "[0,4,4]") "}", 4, BAD, "no data_offsets");
    expect_header("{" TENSOR("a", "F32", "[1]", "{\"0\":0,\"1\":4}") "}", 4, BAD, "no data_offsets");
    expect_header("{" TENSOR("a", "F32", "[1]", "[4,0]") "}", 4, BAD, "not a range");
    expect_header("{" TENSOR("a", "F32", "[1]", "[-4,0]") "}", 4, BAD, "not a range");
    expect_header("{" TENSOR("a", "F32", "[1]", "[0,18446744073709551615]") "}", 4, BAD, "not a range");
    expect_header("{" TENSOR("a", "F32", "[1]", "[0,4]") "}", 3, BAD, "ends beyond the file");
    expect_header("{" TENSOR("a", "F32", "[1]", "[0,4]") "}", 5, BAD, "1 bytes at the end");
    expect_header("{" TENSOR("a", "F32", "[1]", "[4,8]") "}", 8, BAD, "tensor 'a' follows bytes");
    expect_header("{" TENSOR("a", "F32", "[2]", "[0,8]") "," TENSOR("b", "F32", "[2]", "[4,12]") "}", 12, BAD,
                  "overlaps");
    expect_header("{" TENSOR("a", "F32", "[1]", "[0,4]") "," TENSOR("b", "F32", "[1]", "[0,4]") "}", 4, BAD,
                  "overlaps");
    expect_header("{" TENSOR("a", "F32", "[1]", "[0,4]") "," TENSOR("b", "F32", "[1]", "[8,12]") "}", 12, BAD,
                  "tensor 'b' follows bytes");
}

/* ---- from disk ---- */

static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/utter-hostile-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    const char *const names[] = {"model.safetensors", "model.safetensors.index.json", "s1.safetensors",
                                 "s2.safetensors"};
    char path[256];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        remove(path);
    }
    return rmdir(folder);
}

static void write_file(const char *name, const void *bytes, size_t size)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

static void refuse_path(const char *path, int code, const char *says)
{
    struct checkpoint *c;
    struct fault fault = {0};
    assert_int_equal(checkpoint_open(&c, path, &fault), code);
    assert_null(c);
    if (!strstr(fault.message, says))
        fail_msg("'%s' does not say '%s'", fault.message, says);
}

static void test_paths(void **state)
{
    (void)state;
    char path[256], deep[9000];
    refuse_path(folder, UTTER_ERROR_IO,
                "no model.safetensors and no model.safetensors.index.json, nor pytorch_model.bin");
    refuse_path("/nowhere/at/all", UTTER_ERROR_IO, "/nowhere/at/all: no such file");
    refuse_path("", UTTER_ERROR_IO, "no such file");
    refuse_path("/dev/null", UTTER_ERROR_IO, "not a regular file");
    memset(deep, 'x', sizeof deep);
    deep[sizeof deep - 1] = 0;
    refuse_path(deep, UTTER_ERROR_IO, "it cannot be read");
    snprintf(path, sizeof path, "%s/model.safetensors", folder);
    assert_int_equal(mkdir(path, 0700), 0);
    refuse_path(folder, UTTER_ERROR_IO, "model.safetensors: not a regular file");
    assert_int_equal(rmdir(path), 0);
    write_file("model.safetensors", "", 0);
    refuse_path(folder, BAD, "model.safetensors: the file is empty");
    remove(path);
}

static void refuse_index(const char *json, int code, const char *says)
{
    write_file("model.safetensors.index.json", json, strlen(json));
    refuse_path(folder, code, says);
}

static void write_shard(const char *name, const char *header, size_t data)
{
    unsigned char file[1024] = {0};
    uint64_t length = strlen(header);
    memcpy(file, &length, 8);
    memcpy(file + 8, header, length);
    write_file(name, file, 8 + length + data);
}

static void test_indexes(void **state)
{
    (void)state;
    write_shard("s1.safetensors", "{" TENSOR("a", "F32", "[1]", "[0,4]") "}", 4);
    write_shard("s2.safetensors", "{" TENSOR("b", "F32", "[1]", "[0,4]") "," TENSOR("c", "F32", "[1]", "[4,8]") "}", 8);
    refuse_index("", BAD, "index.json: not valid JSON");
    refuse_index("[]", BAD, "no weight_map");
    refuse_index("{\"weight_map\":{}}", BAD, "no weight_map");
    refuse_index("{\"weight_map\":{\"a\":7}}", BAD, "not in a file beside");
    refuse_index("{\"weight_map\":{\"a\":\"../s1.safetensors\"}}", BAD, "not in a file beside");
    refuse_index("{\"weight_map\":{\"a\":\"/etc/passwd\"}}", BAD, "not in a file beside");
    refuse_index("{\"weight_map\":{\"a\":\"..\"}}", BAD, "not in a file beside");
    refuse_index("{\"weight_map\":{\"a\":\"\"}}", BAD, "not in a file beside");
    refuse_index("{\"weight_map\":{\"a\":\"s3.safetensors\"}}", UTTER_ERROR_IO, "s3.safetensors: no such file");
    refuse_index("{\"weight_map\":{\"a\":\"s1.safetensors\",\"z\":\"s1.safetensors\"}}", BAD,
                 "tensor 'z' is not in s1");
    refuse_index("{\"weight_map\":{\"a\":\"s1.safetensors\",\"b\":\"s1.safetensors\",\"c\":\"s2.safetensors\"}}", BAD,
                 "tensor 'b' is not in s1");
    write_shard("s2.safetensors", "{" TENSOR("a", "F32", "[1]", "[0,4]") "}", 4);
    refuse_index("{\"weight_map\":{\"a\":\"s1.safetensors\",\"b\":\"s2.safetensors\"}}", BAD,
                 "tensor 'a' is there twice");
    write_shard("s2.safetensors", "{" TENSOR("b", "F32", "[1]", "[0,4]") "}", 3);
    refuse_index("{\"weight_map\":{\"a\":\"s1.safetensors\",\"b\":\"s2.safetensors\"}}", BAD,
                 "s2.safetensors: tensor 'b' ends beyond the file");
}

/* ---- at random ---- */

static unsigned long long seed = 88172645463325252u;

static unsigned below(unsigned n)
{
    seed ^= seed << 13; /* xorshift (Marsaglia 2003) */
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)(seed >> 32) % n;
}

static char *read_golden(const char *name, size_t *size)
{
    char path[512], *bytes = malloc(1 << 20);
    snprintf(path, sizeof path, GOLDEN "%s", name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_non_null(bytes);
    *size = fread(bytes, 1, 1 << 20, file);
    fclose(file);
    return bytes;
}

/* A few bytes of the first many replaced by others that mean something to a parser. */
static void damage(char *bytes, size_t many)
{
    static const char useful[] = "{}[]\",:0123456789-.eE\\u/ntf \0\377\200";
    for (unsigned n = 1 + below(4); n > 0; n--)
        bytes[below((unsigned)many)] = below(4) ? useful[below(sizeof useful - 1)] : (char)below(256);
}

static void test_damaged_files(void **state)
{
    (void)state;
    size_t size;
    char *good = read_golden("fastconformer_sharded/model-00001-of-00002.safetensors", &size), *bad = malloc(size);
    int refused = 0;
    uint64_t header;
    memcpy(&header, good, 8);
    for (int i = 0; i < 3000; i++) {
        struct fault fault = {0};
        size_t kept = below(3) ? size : below((unsigned)size);
        memcpy(bad, good, size);
        damage(bad, 8 + header);
        int code = read_bytes(bad, kept, &fault);
        assert_int_equal(code, fault.code);
        assert_true(!code == !fault.message[0]);
        refused += code != 0;
    }
    assert_true(refused > 2000 && refused < 3000);
    free(good);
    free(bad);
}

static void test_damaged_configs(void **state)
{
    (void)state;
    size_t size;
    char *good = read_golden("fastconformer/config.json", &size), *bad = malloc(size);
    for (int i = 0; i < 3000; i++) {
        struct fault fault = {0};
        struct fastconformer_config c;
        size_t kept = below(3) ? size : below((unsigned)size);
        memcpy(bad, good, size);
        damage(bad, size);
        char *exact = malloc(kept ? kept : 1);
        memcpy(exact, bad, kept);
        int code = fastconformer_config_read(&c, exact, kept, "config.json", &fault);
        assert_int_equal(code, fault.code);
        if (!code)
            assert_true(c.hidden_size % c.heads == 0 && c.blank < c.vocabulary && fastconformer_frames(&c, 1) == 1);
        free(exact);
    }
    free(good);
    free(bad);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_header_lengths),
        cmocka_unit_test(test_headers_that_are_not_json),
        cmocka_unit_test(test_json_too_deep_or_too_wide),
        cmocka_unit_test(test_types_and_shapes),
        cmocka_unit_test(test_offsets),
        cmocka_unit_test_setup_teardown(test_paths, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_indexes, make_folder, remove_folder),
        cmocka_unit_test(test_damaged_files),
        cmocka_unit_test(test_damaged_configs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
