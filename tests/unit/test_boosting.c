/* test_boosting.c - lists of phrases that sessions share: who asks for the same has the same, whoever comes and goes.
 */
#include "decoder/tokens/tokenizer.h"
#include "src/boosting.h"
#include "src/message.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char tokenizer_json[] =
    "{\"pre_tokenizer\":{\"type\":\"Metaspace\",\"replacement\":\"▁\"},\"decoder\":{\"type\":\"Metaspace\","
    "\"replacement\":\"▁\"},\"added_tokens\":[{\"id\":0,\"content\":\"<unk>\",\"special\":true}],\"model\":{\"type\":"
    "\"Unigram\",\"unk_id\":0,\"vocab\":[[\"<unk>\",0],[\"▁\",-1],[\"a\",-1],[\"d\",-1],[\"n\",-1]]}}";

struct model {
    struct tokenizer *tokenizer;
    struct spelling *spelling;
    struct boostings *boostings;
};

static void open_model(struct model *m)
{
    struct fault fault = {0};
    if (tokenizer_open(&m->tokenizer, tokenizer_json, strlen(tokenizer_json), "toy", &fault) ||
        spelling_open(&m->spelling, m->tokenizer, &fault) || boostings_open(&m->boostings, &fault))
        fail_msg("%s", fault.message);
}

static void close_model(struct model *m)
{
    boostings_close(&m->boostings);
    spelling_close(&m->spelling);
    tokenizer_close(&m->tokenizer);
}

static struct utter_decoding_params list_of(const struct utter_boost_phrase *phrases, size_t count, double weight)
{
    return (struct utter_decoding_params){.struct_size = sizeof(struct utter_decoding_params),
                                          .boost_phrases = phrases,
                                          .boost_phrase_count = count,
                                          .boost_weight = weight};
}

static const struct boosting *listen_for(const struct model *m, struct utter_decoding_params params)
{
    struct fault fault = {0};
    const struct boosting *boosting = NULL;
    if (boosting_open(&boosting, m->boostings, &params, m->spelling, NULL, true, &fault))
        fail_msg("%s", fault.message);
    assert_non_null(boosting->boost);
    assert_non_null(boosting->spotting);
    return boosting;
}

static const struct utter_boost_phrase ANDA[] = {{.text = "anda"}, {.text = "nan", .weight = 2}};
static const struct utter_boost_phrase NANA[] = {{.text = "anda"}, {.text = "nana", .weight = 2}};

static void test_the_same_list_is_shared(void **state)
{
    (void)state;
    struct model m;
    open_model(&m);
    const struct boosting *first = listen_for(&m, list_of(ANDA, 2, 1)), *again = listen_for(&m, list_of(ANDA, 2, 1));
    const struct boosting *heavier = listen_for(&m, list_of(ANDA, 2, 3)),
                          *shorter = listen_for(&m, list_of(ANDA, 1, 1));
    const struct boosting *other = listen_for(&m, list_of(NANA, 2, 1));
    assert_ptr_equal(first, again);
    assert_ptr_not_equal(first, heavier);
    assert_ptr_not_equal(first, shorter);
    assert_ptr_not_equal(first, other);
    boosting_close(&first);
    assert_null(first);
    for (int i = 0; i < 8; i++) { /* more than are kept */
        const struct boosting *passing = listen_for(&m, list_of(NANA, 2, 4 + i));
        boosting_close(&passing);
    }
    const struct boosting *last = listen_for(&m, list_of(ANDA, 2, 1));
    assert_ptr_equal(last, again); /* somebody still listens for it */
    const struct boosting *all[] = {last, again, heavier, shorter, other};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        boosting_close(&all[i]);
    close_model(&m);
}

static void test_a_file_is_shared_with_an_array(void **state)
{
    (void)state;
    struct model m;
    open_model(&m);
    const char *path = "test_boosting.list";
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs("# two\nanda\nnan\t2\n", f);
    fclose(f);
    struct utter_decoding_params params = {.struct_size = sizeof params, .boost = path, .boost_weight = 1};
    const struct boosting *file = listen_for(&m, params), *array = listen_for(&m, list_of(ANDA, 2, 1));
    assert_ptr_equal(file, array);
    f = fopen(path, "a"); /* a file that has changed is another list */
    assert_non_null(f);
    fputs("danda\n", f);
    fclose(f);
    const struct boosting *changed = listen_for(&m, params);
    assert_ptr_not_equal(changed, file);
    remove(path);
    boosting_close(&file);
    boosting_close(&array);
    boosting_close(&changed);
    close_model(&m);
}

static void test_alone(void **state)
{
    (void)state;
    struct model m;
    struct fault fault = {0};
    open_model(&m);
    struct utter_decoding_params params = list_of(ANDA, 2, 1), none = list_of(NULL, 0, 0), wrong = list_of(ANDA, 0, 0);
    const struct boosting *one = NULL, *two = NULL, *three = (const struct boosting *)&m;
    assert_int_equal(boosting_open(&one, NULL, &params, m.spelling, NULL, false, &fault), 0);
    assert_int_equal(boosting_open(&two, NULL, &params, m.spelling, NULL, false, &fault), 0);
    assert_ptr_not_equal(one, two);
    assert_null(one->spotting);
    assert_int_equal(boosting_open(&three, m.boostings, &none, m.spelling, NULL, true, &fault), 0);
    assert_null(three);
    boosting_close(&three);
    assert_int_equal(boosting_open(&three, m.boostings, &wrong, m.spelling, NULL, true, &fault), UTTER_ERROR_ARGUMENT);
    assert_null(three);
    boosting_close(&one);
    boosting_close(&two);
    close_model(&m);
}

/* A list that is refused is refused each time, and nothing of it stays. */
static void test_a_bad_list(void **state)
{
    (void)state;
    struct model m;
    open_model(&m);
    static const struct utter_boost_phrase twice[] = {{.text = "anda"}, {.text = "anda"}};
    for (int i = 0; i < 3; i++) {
        struct fault fault = {0};
        const struct boosting *boosting = NULL;
        struct utter_decoding_params params = list_of(twice, 2, 1);
        assert_int_equal(boosting_open(&boosting, m.boostings, &params, m.spelling, NULL, true, &fault),
                         UTTER_ERROR_ARGUMENT);
        assert_non_null(strstr(fault.message, "boost phrase 2"));
        assert_null(boosting);
    }
    close_model(&m);
}

static void *come_and_go(void *given)
{
    const struct model *m = given;
    for (int i = 0; i < 60; i++) {
        const struct boosting *one = listen_for(m, list_of(ANDA, 2, 1 + i % 7));
        const struct boosting *two = listen_for(m, list_of(NANA, 2, 1));
        assert_ptr_not_equal(one, two);
        boosting_close(&one);
        boosting_close(&two);
    }
    return NULL;
}

static void test_any_thread(void **state)
{
    (void)state;
    struct model m;
    pthread_t threads[4];
    open_model(&m);
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, come_and_go, &m), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    close_model(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_same_list_is_shared),
        cmocka_unit_test(test_a_file_is_shared_with_an_array),
        cmocka_unit_test(test_alone),
        cmocka_unit_test(test_a_bad_list),
        cmocka_unit_test(test_any_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
