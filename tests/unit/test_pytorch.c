/* PyTorch's files: what is in a small one, and the faults of its archive, of its pickle and of its tensors. */
#include "models/load/pytorch.h"
#include "tests/unit/checkpoint_check.h"

enum { BAD = UTTER_ERROR_MODEL, OTHER = UTTER_ERROR_UNSUPPORTED };

static struct bytes b, pickle;

static void test_what_is_in_it(void **state)
{
    (void)state;
    const char *const keys[] = {"model_state_dict", "state_dict", NULL};
    for (int i = 0; i < 6; i++) {
        build_pytorch(&b, keys[i / 2], i % 2);
        struct checkpoint *c = open_good(&b, "base.pt", "pytorch");
        expect_sample(c, false);
        expect_number(c, "n_mels", keys[i / 2] ? 80 : 0);
        expect_number(c, "n_text_layer", keys[i / 2] ? 4 : 0);
        expect_number(c, "n_vocab", 0);
        assert_int_equal(checkpoint_token_count(c), 0);
        assert_string_equal(checkpoint_find(c, "a.weight")->file, "base.pt");
        checkpoint_close(&c);
    }
}

/* ---- the archive ---- */

static void expect_archive(int code, const char *says)
{
    expect_bytes(pytorch_read, &b, code, says);
}

static void test_other_archives(void **state)
{
    (void)state;
    static struct zip_bytes z;
    zip_begin(&z, &b);
    zip_end(&z, 0);
    expect_archive(OTHER, "a zip file with no data.pkl");
    zip_begin(&z, &b);
    zip_add(&z, "a/b/data.pkl", 0, "\x80\x02}.", 4, 0);
    zip_end(&z, 0);
    expect_archive(OTHER, "a zip file with no data.pkl");
    zip_begin(&z, &b);
    zip_add(&z, "a/data.pkl", 8, "packed", 6, 0);
    zip_end(&z, 0);
    expect_archive(OTHER, "entry 'a/data.pkl' is packed, and only stored ones are read");
    zip_begin(&z, &b);
    zip_add(&z, "a/data.pkl", 0, "\x80\x02}.", 4, 0);
    zip_add(&z, "a/constants.pkl", 0, "", 0, 0);
    zip_end(&z, 0);
    expect_archive(OTHER, "TorchScript");
    zip_begin(&z, &b);
    zip_add(&z, "a/data.pkl", 0, "\x80\x02}.", 4, 0);
    zip_add(&z, "a/byteorder", 0, "big", 3, 0);
    zip_end(&z, 0);
    expect_archive(OTHER, "big-endian");
    zip_begin(&z, &b);
    zip_add(&z, "a/data.pkl", 0, "\x80\x02}.", 4, 0);
    zip_add(&z, "a/data.pkl", 0, "\x80\x02}.", 4, 0);
    zip_end(&z, 0);
    expect_archive(BAD, "entry 'a/data.pkl' is there twice");
    b.size = 0;
    put_text(&b, "xx");
    expect_archive(OTHER, "not a PyTorch file");
}

/* Where the directory of the sample and its end record begin. */
static size_t find(uint32_t signature)
{
    for (size_t i = b.size - 4;; i--)
        if (!memcmp(b.data + i, &signature, 4))
            return i;
}

static void test_faults_in_the_archive(void **state)
{
    (void)state;
    build_pytorch(&b, NULL, 0);
    const size_t end = b.size - 22, last = find(0x02014b50), local = find(0x04034b50);
    const struct change changes[] = {
        {b.size - 1, 0, 0, BAD, "the zip directory is missing"},
        {4, 0, 0, BAD, "the zip directory is missing"},
        {end, 4, 0, BAD, "the zip directory is missing"},
        {end + 20, 2, 1, BAD, "the zip directory is missing"},
        {end + 10, 2, 0xfffe, BAD, "too short for its entries"},
        {end + 10, 2, 5, BAD, "the zip directory is damaged"},
        {end + 12, 4, 0xfffffffe, BAD, "lies beyond the file"},
        {end + 16, 4, 0xfffffffe, BAD, "lies beyond the file"},
        {end + 16, 4, 0, BAD, "the zip directory is damaged"},
        {last, 4, 0, BAD, "the zip directory is damaged"},
        {last + 28, 2, 0xffff, BAD, "the zip directory is damaged"},
        {last + 30, 2, 0xffff, BAD, "the zip directory is damaged"},
        {last + 32, 2, 0xffff, BAD, "the zip directory is damaged"},
        {last + 8, 2, 1, OTHER, "entry 'archive/data/1' is packed"},
        {last + 10, 2, 8, OTHER, "entry 'archive/data/1' is packed"},
        {last + 20, 4, 15, BAD, "entry 'archive/data/1' is stored in another size"},
        {last + 20, 8, 0xfffffff0fffffff0, BAD, "entry 'archive/data/1' ends beyond the file"},
        {last + 20, 8, UINT64_MAX, BAD, "entry 'archive/data/1' has a damaged zip64 field"},
        {last + 42, 4, 0xfffffff0, BAD, "entry 'archive/data/1' lies beyond the file"},
        {last + 42, 4, 1, BAD, "entry 'archive/data/1' is not where the zip directory says"},
        {last + 42, 4, 0, BAD, "entry 'archive/data/1' has another name in its own header"},
        {last + 46, 1, 'x', BAD, "entry 'xrchive/data/1' has another name"},
        {local + 26, 2, 0xffff, BAD, "entry 'archive/data/1' ends beyond the file"},
        {local + 28, 2, 4, BAD, "entry 'archive/data/1' ends beyond the file"},
        {local + 30, 1, 'x', BAD, "entry 'archive/data/1' has another name"},
    };
    expect_changes(pytorch_read, &b, changes, sizeof changes / sizeof *changes);
}

static void test_faults_in_a_wide_archive(void **state)
{
    (void)state;
    build_pytorch(&b, NULL, 1);
    const size_t end = b.size - 22 - 20 - 56, last = find(0x02014b50), field = last + 46 + 14 + 5 + 4;
    expect_archive(0, "");
    const struct change changes[] = {
        {b.size - 22 - 12, 8, end + 1, BAD, "the zip64 directory is not where the file says"},
        {b.size - 22 - 12, 8, UINT64_MAX, BAD, "the zip64 directory is not where the file says"},
        {b.size - 22 - 20, 4, 0, BAD, "lies beyond the file"},
        {end + 32, 8, UINT64_MAX, BAD, "too short for its entries"},
        {end + 40, 8, UINT64_MAX, BAD, "lies beyond the file"},
        {end + 48, 8, UINT64_MAX, BAD, "lies beyond the file"},
        {field - 4, 2, 2, BAD, "has a damaged zip64 field"},
        {field - 2, 2, 23, BAD, "has a damaged zip64 field"},
        {field - 2, 2, 25, BAD, "has a damaged zip64 field"},
        {field, 8, 15, BAD, "stored in another size"},
        {field + 16, 8, UINT64_MAX, BAD, "lies beyond the file"},
    };
    expect_changes(pytorch_read, &b, changes, sizeof changes / sizeof *changes);
}

/* An entry whose bytes hold the whole of another one. */
static void test_overlapping_entries(void **state)
{
    (void)state;
    static struct zip_bytes outer, inner;
    static struct bytes inside;
    zip_begin(&inner, &inside);
    zip_add(&inner, "a/data/0", 0, "1234", 4, 0);
    zip_begin(&outer, &b);
    zip_add(&outer, "a/data.pkl", 0, inside.data, inside.size, 0);
    size_t at = outer.directory.size;
    put(&outer.directory, inner.directory.data, inner.directory.size);
    outer.directory.data[at + 42] = 30 + 10 + 3;
    outer.count++;
    zip_end(&outer, 0);
    expect_archive(BAD, "entry 'a/data/0' overlaps another one");
}

/* ---- the pickle ---- */

static void expect_program(const void *program, size_t size, int code, const char *says)
{
    pickle.size = 0;
    put(&pickle, program, size);
    build_pytorch_of(&b, &pickle, 0);
    expect_archive(code, says);
}

#define PROGRAM(text, code, says) expect_program("\x80\x02" text, sizeof text + 1, code, says)

static void test_names_that_are_refused(void **state)
{
    (void)state;
    PROGRAM("cos\nsystem\nX\2\0\0\0ls\x85R.", OTHER, "the pickle asks for os.system, which a checkpoint");
    PROGRAM("cbuiltins\neval\n)R.", OTHER, "asks for builtins.eval");
    PROGRAM("\x8c\5posix\x8c\6system\x93.", OTHER, "asks for posix.system");
    PROGRAM("ctorch._utils\n_rebuild_tensor\n.", OTHER, "asks for torch._utils._rebuild_tensor,");
    PROGRAM("ctorch\n_rebuild_tensor_v2\n.", OTHER, "asks for torch._rebuild_tensor_v2");
    PROGRAM("c\n\33[31m\n.", OTHER, "asks for .?[31m");
    PROGRAM("iposix\nsystem\n.", OTHER, "the opcode 0x69");
    PROGRAM("}o.", OTHER, "the opcode 0x6f");
    PROGRAM(")\x81.", OTHER, "the opcode 0x81");
    PROGRAM("Pid\n.", OTHER, "the opcode 0x50");
    PROGRAM("\x82\1.", OTHER, "the opcode 0x82");
    PROGRAM("\x8f.", OTHER, "the opcode 0x8f");
    PROGRAM("\0.", OTHER, "the opcode 0x00");
    expect_program("\x80\6}.", 4, OTHER, "protocol 6");
    expect_program("\x80\1}.", 4, OTHER, "protocol 1");
    expect_program("}.", 2, BAD, "does not begin as one");
    expect_program("", 0, BAD, "does not begin as one");
}

static void test_programs_that_make_no_sense(void **state)
{
    (void)state;
    PROGRAM("", BAD, "ends before its end");
    PROGRAM("}", BAD, "ends before its end");
    PROGRAM("X\377\377\377\377", BAD, "ends before its end");
    PROGRAM("\x8d\377\377\377\377\377\377\377\377.", BAD, "ends before its end");
    PROGRAM("\x95\377\377\377\377\377\377\377\377.", BAD, "ends before its end");
    PROGRAM("\x8b\377\377\377\177.", BAD, "ends before its end");
    PROGRAM("J\1\2\3", BAD, "ends before its end");
    PROGRAM("G1234567", BAD, "ends before its end");
    PROGRAM("ctorch", BAD, "ends before its end");
    PROGRAM("ctorch\nFloatStorage", BAD, "ends before its end");
    PROGRAM(".", BAD, "takes more values than there are");
    PROGRAM("0", BAD, "takes more values than there are");
    PROGRAM("1", BAD, "takes more values than there are");
    PROGRAM("N(0", BAD, "takes more values than there are");
    PROGRAM("(t", BAD, "ends before its end");
    PROGRAM("t", BAD, "takes more values than there are");
    PROGRAM("N\x86", BAD, "takes more values than there are");
    PROGRAM("]a", BAD, "takes more values than there are");
    PROGRAM("(]e", BAD, "takes more values than there are");
    PROGRAM("R", BAD, "takes more values than there are");
    PROGRAM("\x93", BAD, "takes more values than there are");
    PROGRAM("q\0", BAD, "takes more values than there are");
    PROGRAM("}Na.", BAD, "appends to what is no list");
    PROGRAM("]NNs.", BAD, "sets an item of what is no dict");
    PROGRAM("}(Nu.", BAD, "has a key without a value");
    PROGRAM("(Nd.", BAD, "has a key without a value");
    PROGRAM("}q\1.", BAD, "remembers a value out of turn");
    PROGRAM("}r\377\377\377\377.", BAD, "remembers a value out of turn");
    PROGRAM("}q\0h\1.", BAD, "recalls a value that it never remembered");
    PROGRAM("j\0\0\0\200.", BAD, "recalls a value that it never remembered");
    PROGRAM("NN\x93.", BAD, "asks for a name that is no text");
    PROGRAM("N)R.", BAD, "calls something that is no function");
    PROGRAM("ctorch\nFloatStorage\n)R.", BAD, "calls something that is no function");
    PROGRAM("ccollections\nOrderedDict\n]R.", BAD, "calls something that is no function");
    PROGRAM("ccollections\nOrderedDict\n]\x85R.", BAD, "other arguments than PyTorch");
    PROGRAM("ctorch._utils\n_rebuild_parameter\n)R.", BAD, "other arguments than PyTorch");
    PROGRAM("ctorch._utils\n_rebuild_parameter\nN\x85R.", BAD, "other arguments than PyTorch");
    PROGRAM("ctorch._utils\n_rebuild_tensor_v2\n)R.", BAD, "rebuilds a tensor from something else");
    PROGRAM("]}b.", BAD, "gives attributes to what is no dict");
    PROGRAM("NQ.", BAD, "refers to something outside that is no storage");
    PROGRAM("(NNNNNtQ.", BAD, "refers to something outside that is no storage");
    PROGRAM("N.", BAD, "holds no dict of tensors");
    PROGRAM("}.", BAD, "holds no dict of tensors");
    PROGRAM("}q\0X\1\0\0\0ah\0s.", BAD, "holds no dict of tensors"); /* a dict in itself */
    PROGRAM("}X\4\0\0\0dims}X\6\0\0\0n_melsK\0ss.", BAD, "n_mels is 0");
    PROGRAM("}X\4\0\0\0dims}X\6\0\0\0n_mels\x8a\1\377ss.", BAD, "n_mels is -1");
}

/* Every opcode that is read, in one dict that holds no tensor, so that the last sentence shows that all were. */
static void test_every_opcode(void **state)
{
    (void)state;
    PROGRAM("\x95\1\0\0\0\0\0\0\0}q\0(N\x88\x89K\1M\1\0J\1\0\0\0\x8a\0\x8a\1\1\x8b\1\0\0\0\1G12345678"
            "\x8a\11"
            "123456789\x8c\1aX\1\0\0\0a\x8d\1\0\0\0\0\0\0\0aU\1aT\1\0\0\0aC\1aB\1\0\0\0a"
            "\x8e\1\0\0\0\0\0\0\0a\x96\1\0\0\0\0\0\0\0a](NeNa(NlNa(NNd)(NtN\x85NN\x86NNN\x87\x94"
            "r\2\0\0\0j\2\0\0\0h\0"
            "2001h\0NNs.",
            BAD, "holds no dict of tensors");
}

/* Programs that grow: refused by a bound or read, never by running out of memory. */
static void test_bounds(void **state)
{
    (void)state;
    enum { SIZE = 60000 };
    static const struct {
        const char *piece, *says;
    } grow[] = {
        {"]", "builds more containers than its size explains"},
        {"(", "takes more values than there are"},
        {"N", "holds no dict of tensors"},
        {"2", "holds no dict of tensors"},
        {"h1", "recalls a value"},
    };
    for (size_t i = 0; i < sizeof grow / sizeof *grow; i++) {
        pickle.size = 0;
        put_text(&pickle, "\x80\x02N");
        while (pickle.size < SIZE)
            put_text(&pickle, grow[i].piece);
        put_text(&pickle, ".");
        build_pytorch_of(&b, &pickle, 0);
        expect_archive(BAD, grow[i].says);
    }
}

/* ---- tensors ---- */

struct view {
    const char *type, *key;
    int64_t elements, offset;
    int rank;
    int64_t shape[9], strides[9];
    int code;
    const char *says;
};

static void put_view(const char *name, const struct view *v)
{
    pickle.size = 0;
    put_text(&pickle, "\x80\x02}");
    put_pickle_text(&pickle, name);
    put_pickle_tensor(&pickle, v->type, v->key, v->elements, v->offset, v->rank, v->shape, v->strides);
    put_text(&pickle, "s.");
    build_pytorch_of(&b, &pickle, 0);
}

static void test_views(void **state)
{
    (void)state;
    static const struct view views[] = {
        {"FloatStorage", "0", 6, 0, 2, {2, 3}, {3, 1}, 0, ""},
        {"FloatStorage", "0", 6, 5, 0, {0}, {0}, 0, ""},
        {"FloatStorage", "0", 6, 0, 4, {1, 2, 1, 3}, {77, 3, 0, 1}, 0, ""},
        {"FloatStorage", "0", 6, 6, 2, {0, 3}, {5, 5}, 0, ""},
        {"ByteStorage", "0", 24, 20, 1, {4}, {1}, 0, ""},
        {"FloatStorage", "0", 6, 0, 2, {3, 2}, {1, 3}, BAD, "tensor 't' is a view with other strides"},
        {"FloatStorage", "0", 6, 0, 1, {2}, {2}, BAD, "tensor 't' is a view with other strides"},
        {"FloatStorage", "0", 6, 0, 1, {2}, {0}, BAD, "tensor 't' is a view with other strides"},
        {"FloatStorage", "0", 6, 0, 1, {2}, {-1}, BAD, "tensor 't' is a view with other strides"},
        {"FloatStorage", "0", 6, 1, 1, {6}, {1}, BAD, "tensor 't' ends beyond its storage"},
        {"FloatStorage", "0", 6, INT64_MAX, 1, {6}, {1}, BAD, "tensor 't' ends beyond its storage"},
        {"FloatStorage", "0", 6, 0, 1, {7}, {1}, BAD, "tensor 't' ends beyond its storage"},
        {"FloatStorage", "0", 7, 0, 1, {7}, {1}, BAD, "shorter than the pickle says"},
        {"FloatStorage", "0", INT64_MAX, 0, 1, {7}, {1}, BAD, "shorter than the pickle says"},
        {"DoubleStorage", "0", 6, 0, 1, {6}, {1}, BAD, "shorter than the pickle says"},
        {"FloatStorage", "2", 6, 0, 1, {6}, {1}, BAD, "tensor 't' is in a storage that the file does not hold"},
        {"FloatStorage", "../data.pkl", 6, 0, 1, {6}, {1}, BAD, "in a storage that the file does not hold"},
        {"FloatStorage", "", 6, 0, 1, {6}, {1}, BAD, "in a storage that the file does not hold"},
        {"FloatStorage", "0", 6, -1, 1, {6}, {1}, BAD, "rebuilds a tensor from something else"},
        {"FloatStorage", "0", -1, 0, 1, {6}, {1}, BAD, "that is no storage"},
        {"FloatStorage", "0", 6, 0, 1, {-6}, {1}, BAD, "not up to 8 whole numbers"},
        {"FloatStorage", "0", 6, 0, 9, {1, 1, 1, 1, 1, 1, 1, 1, 1}, {0}, BAD, "not up to 8 whole numbers"},
        {"FloatStorage", "0", 6, 0, 2, {1LL << 31, 1LL << 31}, {1LL << 31, 1}, BAD, "product overflows"},
        {"FloatStorage", "0", 6, 0, 2, {INT64_MAX, INT64_MAX}, {INT64_MAX, 1}, BAD, "product overflows"},
        {"QInt8Storage", "0", 6, 0, 1, {6}, {1}, OTHER, "asks for torch.QInt8Storage"},
        {"ComplexFloatStorage", "0", 6, 0, 1, {6}, {1}, OTHER, "asks for torch.ComplexFloatStorage"},
    };
    for (size_t i = 0; i < sizeof views / sizeof *views; i++) {
        put_view("t", &views[i]);
        expect_archive(views[i].code, views[i].says);
    }
    put_view("", &views[0]);
    expect_archive(BAD, "a tensor has no name");
    put_view("a\nb", &views[0]);
    expect_archive(BAD, "'a?b' is no name for a tensor");
}

static void test_types(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum stored_type type;
    } types[] = {
        {"DoubleStorage", STORED_F64},    {"FloatStorage", STORED_F32}, {"HalfStorage", STORED_F16},
        {"BFloat16Storage", STORED_BF16}, {"LongStorage", STORED_I64},  {"IntStorage", STORED_I32},
        {"ShortStorage", STORED_I16},     {"CharStorage", STORED_I8},   {"ByteStorage", STORED_U8},
        {"BoolStorage", STORED_BOOL},
    };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        put_view("t", &(struct view){types[i].name, "0", 3, 1, 1, {2}, {1}, 0, ""});
        struct checkpoint *c = open_good(&b, "t.ckpt", "pytorch");
        assert_int_equal(checkpoint_find(c, "t")->type, types[i].type);
        checkpoint_close(&c);
    }
}

/* Two names for one tensor, and one name for two. */
static void test_shared_storages(void **state)
{
    (void)state;
    for (int twice = 0; twice < 2; twice++) {
        pickle.size = 0;
        put_text(&pickle, "\x80\x02}");
        put_pickle_text(&pickle, "a");
        put_pickle_tensor(&pickle, "FloatStorage", "0", 6, 0, 1, (int64_t[]){6}, (int64_t[]){1});
        put(&pickle, "q\0s", 3);
        put_pickle_text(&pickle, twice ? "a" : "b");
        put(&pickle, "h\0s.", 4);
        build_pytorch_of(&b, &pickle, 0);
        struct checkpoint *c;
        struct fault fault = {0};
        assert_int_equal(open_bytes(&c, &b, "m.bin", &fault), twice ? BAD : 0);
        if (twice)
            assert_non_null(strstr(fault.message, "m.bin: tensor 'a' is there twice"));
        else
            assert_ptr_equal(checkpoint_find(c, "a")->data, checkpoint_find(c, "b")->data);
        checkpoint_close(&c);
    }
}

/* ---- directories ---- */

static char folder[64];

static void write_file(const char *name, const void *data, size_t size)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    fclose(file);
}

static void remove_file(const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_int_equal(remove(path), 0);
}

static void open_folder(const char *file)
{
    struct checkpoint *c;
    struct fault fault = {0};
    if (checkpoint_open(&c, folder, &fault))
        fail_msg("%s", fault.message);
    assert_string_equal(checkpoint_format(c), "pytorch");
    expect_sample(c, false);
    assert_string_equal(checkpoint_find(c, "a.weight")->file, file);
    checkpoint_close(&c);
}

static void test_directories(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/utter-pytorch-XXXXXX");
    assert_non_null(mkdtemp(folder));
    build_pytorch(&b, NULL, 0);
    write_file("pytorch_model-00001-of-00001.bin", b.data, b.size);
    static const char index[] = "{\"metadata\":{\"total_size\":32},\"weight_map\":{\"a.weight\":"
                                "\"pytorch_model-00001-of-00001.bin\",\"conv.bias\":"
                                "\"pytorch_model-00001-of-00001.bin\"}}";
    write_file("pytorch_model.bin.index.json", index, sizeof index - 1);
    open_folder("pytorch_model-00001-of-00001.bin");
    write_file("pytorch_model.bin", b.data, b.size);
    open_folder("pytorch_model.bin");
    remove_file("pytorch_model.bin");
    remove_file("pytorch_model.bin.index.json");
    remove_file("pytorch_model-00001-of-00001.bin");
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_in_it),
        cmocka_unit_test(test_other_archives),
        cmocka_unit_test(test_faults_in_the_archive),
        cmocka_unit_test(test_faults_in_a_wide_archive),
        cmocka_unit_test(test_overlapping_entries),
        cmocka_unit_test(test_names_that_are_refused),
        cmocka_unit_test(test_programs_that_make_no_sense),
        cmocka_unit_test(test_every_opcode),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_views),
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_shared_storages),
        cmocka_unit_test(test_directories),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
