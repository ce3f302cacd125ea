/* test_nemo.c - NeMo's archives (tests/golden/make_nemo.py): the tensors and the configuration of Hugging Face's form
 * of the same networks, and archives that are not what they should be. */
#include "models/load/nemo.h"
#include "models/load/tar.h"
#include "models/load/yaml.h"
#include "models/transducer/transducer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <zlib.h>

#define GOLDEN TEST_DATA "/golden/"

struct file {
    unsigned char *data;
    size_t size;
};

static struct file load(const char *path)
{
    struct file f;
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    f.size = (size_t)ftell(file);
    rewind(file);
    f.data = calloc(1, f.size + 1);
    assert_non_null(f.data);
    assert_int_equal(fread(f.data, 1, f.size, file), f.size);
    fclose(file);
    return f;
}

static struct checkpoint *open_checkpoint(const char *path)
{
    struct fault fault = {0};
    struct checkpoint *c;
    if (checkpoint_open(&c, path, &fault))
        fail_msg("%s", fault.message);
    return c;
}

/* ---- the same network ---- */

static void expect_tensor(const struct checkpoint *archive, const struct stored_tensor *t)
{
    struct fault fault = {0};
    float *a = calloc((size_t)t->count + 1, sizeof *a), *b;
    if (checkpoint_floats(archive, t->name, t->rank, t->shape, &b, &fault))
        fail_msg("%s", fault.message);
    assert_int_equal(stored_floats(t, 0, t->count, a, &fault), 0);
    assert_memory_equal(a, b, (size_t)t->count * sizeof *a);
    free(a);
    free(b);
}

/* Every tensor of the directory, and no other name. */
static void expect_tensors(const char *archive, const char *directory)
{
    struct checkpoint *a = open_checkpoint(archive), *b = open_checkpoint(directory);
    assert_string_equal(checkpoint_format(a), "nemo");
    assert_int_equal(checkpoint_count(a), checkpoint_count(b));
    for (size_t i = 0; i < checkpoint_count(b); i++)
        if (!strstr(checkpoint_at(b, i)->name, "num_batches_tracked"))
            expect_tensor(a, checkpoint_at(b, i));
    checkpoint_close(&a);
    checkpoint_close(&b);
}

static char *config_of(const char *archive)
{
    struct fault fault = {0};
    struct checkpoint *c = open_checkpoint(archive);
    char *json;
    if (nemo_config(c, &json, &fault))
        fail_msg("%s", fault.message);
    checkpoint_close(&c);
    return json;
}

static void test_transducers(void **state)
{
    (void)state;
    static const char *const names[] = {"tdt", "rnnt"};
    for (int i = 0; i < 2; i++) {
        struct transducer_config here, there;
        struct fault fault = {0};
        char archive[512], directory[512], path[600];
        snprintf(archive, sizeof archive, GOLDEN "nemo/%s.nemo", names[i]);
        snprintf(directory, sizeof directory, GOLDEN "transducer/%s", names[i]);
        snprintf(path, sizeof path, "%s/config.json", directory);
        expect_tensors(archive, directory);
        char *json = config_of(archive);
        struct file theirs = load(path);
        assert_int_equal(transducer_config_read(&here, json, strlen(json), archive, &fault), 0);
        assert_int_equal(transducer_config_read(&there, (char *)theirs.data, theirs.size, path, &fault), 0);
        assert_memory_equal(&here, &there, sizeof here);
        free(theirs.data);
        free(json);
    }
}

static void test_ctc(void **state)
{
    (void)state;
    struct fastconformer_config here, there;
    struct fault fault = {0};
    expect_tensors(GOLDEN "nemo/ctc.nemo", GOLDEN "fastconformer_sharded");
    char *json = config_of(GOLDEN "nemo/ctc.nemo");
    struct file theirs = load(GOLDEN "fastconformer_sharded/config.json");
    assert_int_equal(fastconformer_config_read(&here, json, strlen(json), "ctc.nemo", &fault), 0);
    assert_int_equal(fastconformer_config_read(&there, (char *)theirs.data, theirs.size, "config.json", &fault), 0);
    assert_memory_equal(&here, &there, sizeof here);
    free(theirs.data);
    free(json);
}

static void test_members(void **state)
{
    (void)state;
    const unsigned char *bytes;
    size_t size;
    struct checkpoint *c = open_checkpoint(GOLDEN "nemo/rnnt.nemo");
    assert_true(checkpoint_member(c, "tokenizer.vocab", &bytes, &size));
    assert_int_equal(size, 8);
    assert_memory_equal(bytes, "<unk>\t0\n", 8);
    assert_false(checkpoint_member(c, "tokenizer.other", &bytes, &size));
    checkpoint_close(&c);
    c = open_checkpoint(GOLDEN "transducer/rnnt");
    assert_false(checkpoint_member(c, "model_config.yaml", &bytes, &size));
    checkpoint_close(&c);
}

/* ---- YAML ---- */

static const char yaml[] =
    "a: 1\n# b: 2\nb:\n  c: 'x y'\n  d:\n  - 1\n  -  -2\n  e: [3, 4 ,5]\n\n  f:\n    g: \"h\"\n    c: deep\n"
    "list:\n- a: 9\n- b\nc:   z  \r\nempty:\nlast: q";

static void expect_text(const char *path, const char *wanted)
{
    char out[16];
    bool found = yaml_text(yaml, strlen(yaml), path, out, sizeof out);
    assert_true(found == (wanted != NULL));
    if (found)
        assert_string_equal(out, wanted);
}

static void test_yaml(void **state)
{
    (void)state;
    int numbers[4];
    char two[2];
    expect_text("a", "1");
    expect_text("b.c", "x y");
    expect_text("b.f.g", "h");
    expect_text("b.f.c", "deep");
    expect_text("c", "z");
    expect_text("last", "q");
    expect_text("b", NULL);
    expect_text("empty", NULL);
    expect_text("empty.last", NULL);
    expect_text("b.g", NULL);
    expect_text("list.a", NULL);
    expect_text("nothing", NULL);
    assert_false(yaml_text(yaml, strlen(yaml), "b.c", two, sizeof two));
    assert_int_equal(yaml_numbers(yaml, strlen(yaml), "b.d", numbers, 4), 2);
    assert_int_equal(numbers[1], -2);
    assert_int_equal(yaml_numbers(yaml, strlen(yaml), "b.e", numbers, 4), 3);
    assert_int_equal(numbers[2], 5);
    assert_int_equal(yaml_numbers(yaml, strlen(yaml), "b.e", numbers, 2), 2);
    assert_int_equal(yaml_numbers(yaml, strlen(yaml), "list", numbers, 4), -1);
    assert_int_equal(yaml_numbers(yaml, strlen(yaml), "a", numbers, 4), -1);
    assert_int_equal(yaml_numbers(yaml, strlen(yaml), "empty", numbers, 4), -1);
}

/* ---- hostile archives ---- */

/* Through a block of its own size, so that a read past the end is seen. */
static int read_archive(const struct file *f, size_t size, struct fault *fault)
{
    struct stored_list list = {0};
    unsigned char *copy = malloc(size ? size : 1);
    const unsigned char *bytes;
    char out[32];
    int numbers[4];
    assert_non_null(copy);
    memcpy(copy, f->data, size);
    int code = nemo_read(copy, size, "m.nemo", "m.nemo", &list, fault);
    size_t count = 0;
    if (tar_find(copy, size, "model_config.yaml", &bytes, &count)) {
        yaml_text((const char *)bytes, count, "encoder.xscaling", out, sizeof out);
        yaml_numbers((const char *)bytes, count, "encoder.att_context_size", numbers, 4);
    }
    stored_list_release(&list);
    free(copy);
    assert_int_equal(code, fault->code);
    assert_true(!code == !fault->message[0]);
    return code;
}

static void test_cut_and_changed(void **state)
{
    (void)state;
    static const unsigned char values[] = {0, ' ', '/', '7', '9', ':', '\n', 0x80, 0xff};
    struct file f = load(GOLDEN "nemo/rnnt.nemo");
    struct fault fault = {0};
    assert_int_equal(read_archive(&f, f.size, &fault), 0);
    for (size_t size = 0; size < f.size; size += size < 4096 ? 61 : 1021) {
        fault_clear(&fault);
        int code = read_archive(&f, size, &fault);
        assert_true(code || size > 80000); /* what is cut off behind the weights is padding */
    }
    for (size_t i = 0; i < 5 * TAR_BLOCK + 700; i++) { /* the headers in front of the weights, and the texts */
        const unsigned char before = f.data[i];
        for (size_t k = 0; k < sizeof values; k++) {
            f.data[i] = values[k];
            fault_clear(&fault);
            read_archive(&f, f.size, &fault);
        }
        f.data[i] = before;
    }
    free(f.data);
}

/* The archive with a text of the same length in place of another. */
static void refuse(const char *from, const char *to, int code, const char *says)
{
    struct file f = load(GOLDEN "nemo/tdt.nemo");
    struct fault fault = {0};
    struct checkpoint *c;
    char path[] = "/tmp/utter-nemo-XXXXXX", *json = NULL;
    size_t length = strlen(from), changed = 0;
    assert_int_equal(length, strlen(to));
    for (size_t i = 0; i + length <= f.size; i++)
        if (!memcmp(f.data + i, from, length)) {
            memcpy(f.data + i, to, length);
            changed++;
        }
    assert_true(changed > 0);
    int descriptor = mkstemp(path);
    FILE *file = fdopen(descriptor, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(f.data, 1, f.size, file), f.size);
    fclose(file);
    int got = checkpoint_open(&c, path, &fault);
    if (!got)
        got = nemo_config(c, &json, &fault);
    assert_int_equal(got, code);
    if (!strstr(fault.message, says))
        fail_msg("'%s' does not say '%s'", fault.message, says);
    checkpoint_close(&c);
    remove(path);
    free(f.data);
}

/* ---- packed archives ---- */

/* count bytes packed, and of that all but the last `cut` bytes, in a file that is there until the next call. */
static const char *pack(const void *data, size_t count, size_t cut)
{
    static char path[64];
    if (*path)
        remove(path);
    snprintf(path, sizeof path, "/tmp/utter-nemo-XXXXXX");
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    gzFile file = gzdopen(dup(descriptor), "wb1");
    assert_non_null(file);
    assert_int_equal(gzwrite(file, data, (unsigned)count), (int)count);
    assert_int_equal(gzclose(file), Z_OK);
    off_t size = lseek(descriptor, 0, SEEK_END);
    assert_int_equal(ftruncate(descriptor, size - (off_t)cut), 0);
    close(descriptor);
    return path;
}

static void refuse_packed(const void *data, size_t count, size_t cut, int code, const char *says)
{
    struct fault fault = {0};
    struct checkpoint *c;
    assert_int_equal(checkpoint_open(&c, pack(data, count, cut), &fault), code);
    if (!strstr(fault.message, says))
        fail_msg("'%s' does not say '%s'", fault.message, says);
}

static void test_packed(void **state)
{
    (void)state;
    struct file f = load(GOLDEN "nemo/rnnt.nemo");
    expect_tensors(pack(f.data, f.size, 0), GOLDEN "transducer/rnnt");
    const char *damage = "damaged or cut off";
    for (size_t cut = 1; cut < 2000; cut += 333)
        refuse_packed(f.data, f.size, cut, UTTER_ERROR_MODEL, damage);
    refuse_packed("no archive", 10, 0, UTTER_ERROR_UNSUPPORTED, "no tar archive");
    refuse_packed(f.data, 0, 0, UTTER_ERROR_UNSUPPORTED, "no tar archive");
    f.data = realloc(f.data, 80000000);
    assert_non_null(f.data);
    memset(f.data + f.size, 0, 80000000 - f.size);
    memset(f.data + TAR_BLOCK, 0, f.size - TAR_BLOCK); /* all but the first header: it packs into some kilobytes */
    refuse_packed(f.data, 80000000, 0, UTTER_ERROR_MODEL, "unpacks to more than");
    remove(pack("", 0, 0));
    free(f.data);
}

static void test_refusals(void **state)
{
    (void)state;
    const int bad = UTTER_ERROR_MODEL, other = UTTER_ERROR_UNSUPPORTED;
    refuse("model_weights.ckpt", "model_weights.ckpx", bad, "without model_weights.ckpt");
    refuse("model_config.yaml", "model_config.yanl", bad, "no model_config.yaml");
    refuse("rel_pos", "abs_pos", other, "encoder.self_attention_model is not rel_pos");
    refuse("per_feature", "all_feature", other, "preprocessor.normalize is not per_feature");
    refuse("  - -1\n  - -1", "  - -1\n  - 13", other, "att_context_size");
    refuse("blank_as_pad: true", "blank_as_pad: fals", other, "blank_as_pad");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_transducers),     cmocka_unit_test(test_ctc),
        cmocka_unit_test(test_members),         cmocka_unit_test(test_yaml),
        cmocka_unit_test(test_cut_and_changed), cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_packed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
