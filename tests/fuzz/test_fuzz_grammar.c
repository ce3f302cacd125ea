/* test_fuzz_grammar.c - grammars cut and changed everywhere, and a corpus of hostile ones: refused with one sentence,
 * or followed without harm, in bounded time and memory. */
#include "decoder/guide/grammar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fuzz_grammar.c"

/* In a block of just its size, so that a read past the end is seen. */
static void try(const char *bytes, size_t size)
{
    char *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    LLVMFuzzerTestOneInput((const uint8_t *)copy, size);
    free(copy);
}

static const char whole[] = "# all there is\nroot ::= (a | \"one\\x20\\u00e9\" [^a-z\\]é-ü]{2,3})* b?\n"
                            "a ::= \"a\" | \"\" | . {0,2}\n  | [\\U0001F600-\\U0001F64F-]+\nb ::= a \"b\" b | \"c\"\n";

static void test_cut_and_changed(void **state)
{
    (void)state;
    static const char values[] = {'\0', '"', '[', ']', '(', ')', '{', '}', '*', '-', '\\', '\n', '|', ':', '9', '\xC3'};
    char copy[sizeof whole];
    memcpy(copy, whole, sizeof whole);
    for (size_t at = 0; at < sizeof whole; at++)
        try(copy, at);
    for (size_t at = 0; at + 1 < sizeof whole; at++) {
        for (size_t i = 0; i < sizeof values; i++) {
            copy[at] = values[i];
            try(copy, sizeof whole - 1);
        }
        copy[at] = whole[at];
    }
}

static void test_corpus(void **state)
{
    (void)state;
    static const char *const corpus[] = {
        "root::=",
        "root::=()",
        "root::=(|)*",
        "root::=((((\"a\"*)*)*)*)*",
        "root ::= (a? b?)* \na ::= b? c?\nb ::= c*\nc ::= \"a\"?",
        "root ::= \"a\"? \"a\"? \"a\"? \"a\"? \"a\"? \"a\"? \"a\"? root2\nroot2 ::= \"a\" root root \"b\" | \"\"",
        "root ::= \"a\" root root | \"b\"",
        "root ::= \"a\" (root | root | root) \"b\" | \"a\"",
        "root ::= (x | y) \"b\" | \"c\"\nx ::= \"a\" root \"d\"\ny ::= \"a\" root \"e\"",
        "root ::= [a-z]{1,10000}",
        "root ::= ((\"a\"{100}){100}){100}",
        "root ::= (((\"\"{9999}){9999}){9999}){9999}",
        "root ::= ([a-zA-Z\\u0080-\\u05ff]{9000}){9000}",
        "root ::= .{10000}",
        "root ::= [^\\x00-\\U0010FFFE]*",
        "root ::= [\\U00000000-\\U0010FFFF] root | \"\"",
    };
    for (size_t i = 0; i < sizeof corpus / sizeof corpus[0]; i++)
        try(corpus[i], strlen(corpus[i]));
}

/* Nested as deep as the reader goes, and deeper. */
static void test_nesting(void **state)
{
    (void)state;
    for (int depth = 60; depth < 100000; depth = depth < 70 ? depth + 1 : depth * 10) {
        size_t size = (size_t)depth * 2 + 16;
        char *text = malloc(size);
        assert_non_null(text);
        size_t at = (size_t)sprintf(text, "root ::= ");
        memset(text + at, '(', (size_t)depth);
        memcpy(text + at + (size_t)depth, "\"a\"", 3);
        memset(text + at + (size_t)depth + 3, ')', (size_t)depth);
        try(text, at + (size_t)depth * 2 + 3);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cut_and_changed),
        cmocka_unit_test(test_corpus),
        cmocka_unit_test(test_nesting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
