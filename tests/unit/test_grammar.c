/* test_grammar.c - grammars: what is refused and where; which texts are sentences, against the languages of random
 * grammars worked out string by string; tokens that hold parts of characters; and grammars made to take for ever. */
#include "decoder/guide/grammar.h"
#include "decoder/text.h"
#include "src/base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

/* ---- helpers ---- */

static struct grammar *open_text(const char *text, const struct token_trie *trie)
{
    struct grammar *g = NULL;
    struct fault fault = {0};
    if (grammar_open(&g, text, strlen(text), "g", trie, &fault))
        fail_msg("%s", fault.message);
    return g;
}

static struct grammar_walk *walk(const struct grammar *g, const struct token_trie *trie)
{
    struct grammar_walk *w = NULL;
    struct fault fault = {0};
    assert_int_equal(grammar_walk_open(&w, g, trie, &fault), 0);
    return w;
}

static struct token_trie *tokens(const char *const *texts, int count)
{
    struct token_trie *trie = NULL;
    struct fault fault = {0};
    assert_int_equal(token_trie_of_texts(&trie, texts, count, &fault), 0);
    return trie;
}

/* GRAMMAR_DEAD, 0: may go on, 1: a sentence. */
static int judge(struct grammar_walk *w, const char *bytes, size_t length)
{
    struct fault fault = {0};
    int32_t state = grammar_next_bytes(w, grammar_begin(w), bytes, length);
    if (grammar_check(w, &fault))
        fail_msg("%s", fault.message);
    return state == GRAMMAR_DEAD ? GRAMMAR_DEAD : grammar_may_end(w, state);
}

static void expect(const char *grammar, const char *text, int verdict)
{
    struct grammar *g = open_text(grammar, NULL);
    struct grammar_walk *w = walk(g, NULL);
    int found = judge(w, text, strlen(text));
    if (found != verdict)
        fail_msg("%s: '%s' is %d, not %d", grammar, text, found, verdict);
    grammar_walk_close(&w);
    grammar_close(&g);
}

static void refuse(const char *text, const struct token_trie *trie, const char *message)
{
    struct grammar *g = NULL;
    struct fault fault = {0};
    int code = grammar_open(&g, text, strlen(text), "g", trie, &fault);
    assert_null(g);
    if (code != UTTER_ERROR_MODEL || strcmp(fault.message, message) != 0)
        fail_msg("%s\nsays: %s\nnot:  %s", text, fault.message, message);
}

/* ---- reading ---- */

static void test_refused(void **state)
{
    (void)state;
    refuse("", NULL, "g: there is no rule 'root'");
    refuse("# nothing\nx ::= \"a\"", NULL, "g: there is no rule 'root'");
    refuse("root ::= \"a\"\nroot ::= \"b\"", NULL, "g, line 2, column 1: rule 'root' is there a second time");
    refuse("root ::= \"a\" |\n  x-1 | y", NULL, "g, line 2, column 3: there is no rule 'x-1'");
    refuse("root ::= \"a\n\"", NULL, "g, line 1, column 10: a literal that does not end on its line");
    refuse("root ::= \"é\" \"a", NULL, "g, line 1, column 14: a literal that does not end on its line");
    refuse("root ::= [a-", NULL, "g, line 1, column 10: a class of characters that does not end on its line");
    refuse("root ::= [z-a]", NULL, "g, line 1, column 11: a range whose end is before its beginning");
    refuse("root ::= []", NULL, "g, line 1, column 10: a class of no characters");
    refuse("root ::= \"\\q\"", NULL,
           "g, line 1, column 11: an escape that is none of \\n \\r \\t \\\\ \\\" \\[ \\] \\- \\^ \\x \\u \\U");
    refuse("root ::= \"\\u00g0\"", NULL, "g, line 1, column 15: 'g' where a hexadecimal digit should be");
    refuse("root ::= \"\\uD800\"", NULL, "g, line 1, column 11: an escape that is no character of Unicode");
    refuse("root ::= \"\\U00110000\"", NULL, "g, line 1, column 11: an escape that is no character of Unicode");
    refuse("root ::= \"\\x4", NULL, "g, line 1, column 14: the grammar ends where a hexadecimal digit should be");
    refuse("root ::= (\"a\"", NULL, "g, line 1, column 14: the grammar ends where ')' or a part of a group should be");
    refuse("root ::= \"a\")", NULL,
           "g, line 1, column 13: ')' where a part of a rule, '|' or the line's end should be");
    refuse("root ::= *", NULL, "g, line 1, column 10: '*' where a part of a rule, '|' or the line's end should be");
    refuse("root = \"a\"", NULL, "g, line 1, column 6: '=' where '::=' should be");
    refuse("root\n::= \"a\"", NULL, "g, line 1, column 5: the line ends where '::=' should be");
    refuse("\"a\"", NULL, "g, line 1, column 1: '\"' where the name of a rule should be");
    refuse("root ::= \"a\"{}", NULL, "g, line 1, column 14: '}' where a number should be");
    refuse("root ::= \"a\"{2,1}", NULL, "g, line 1, column 13: a repetition whose most is less than its least");
    refuse("root ::= \"a\"{2", NULL, "g, line 1, column 15: the grammar ends where '}' should be");
    refuse("root ::= \"a\"{10001}", NULL, "g, line 1, column 14: a repetition of more than 10000");
    refuse("root ::= \"a\"{99999999999999999999}", NULL, "g, line 1, column 14: a repetition of more than 10000");
    refuse("root ::= \"a\"*+?*+", NULL, "g, line 1, column 17: repetitions of repetitions, more than there may be");
    refuse("root ::= [^\\x00-\\U0010FFFF]", NULL,
           "g, line 1, column 10: a class of characters of which no token of the model has any");
    refuse("root ::= \"a\" # fine\n# \xFF\n", NULL, "g, line 2, column 3: the grammar is not valid UTF-8");
    refuse("root ::= (((\"ab\"{9999}){9999})){2}", NULL,
           "g: the grammar is too large with its repetitions written out");
    refuse("root ::= (((\"\"{9999}){9999})){9999}", NULL,
           "g: the grammar is too large with its repetitions written out");
}

static void test_recursion_refused(void **state)
{
    (void)state;
    refuse("root ::= \"x\" a\na ::= a \"b\" | \"c\"", NULL,
           "g, line 2, column 1: rule 'a' is left-recursive: it calls itself first");
    refuse("root ::= a\na ::= \"x\"? b \"y\"\nb ::= (\"z\" | root) \"w\"\nc ::= \"c\"", NULL,
           "g, line 2, column 1: rule 'a' is left-recursive: it calls 'b' first, and that leads back to it");
    refuse("root ::= e* root \"x\" | \"y\"\ne ::= \"\" | \"a\"", NULL,
           "g, line 1, column 1: rule 'root' is left-recursive: it calls itself first");
    refuse("root ::= (e{0,3} e e)+ (root | \"a\")\ne ::= [a-z]?", NULL,
           "g, line 1, column 1: rule 'root' is left-recursive: it calls itself first");
    refuse("root ::= \"a\" | x\nx ::= \"b\" x", NULL,
           "g, line 2, column 1: rule 'x' can never end: every way through it needs another");
    refuse("root ::= root", NULL, "g, line 1, column 1: rule 'root' can never end: every way through it needs another");
}

static void test_dialect(void **state)
{
    (void)state;
    expect("root ::= \"a\"", "a", 1);
    expect("root ::= \"a\"", "", 0);
    expect("root ::= \"a\"", "b", GRAMMAR_DEAD);
    expect("root ::= \"\"", "", 1);
    expect("root ::= \"a\" |", "", 1);
    expect("root ::=\n  \"a\"\n  | \"b\"\n  | \"c\" # last\nx ::= \"d\"", "c", 1);
    expect("root ::= (\n \"a\" |\n \"b\"\n \"c\"\n)\r\n", "bc", 1);
    expect("root ::= x_1 X-2\nx_1 ::= [ab]\nX-2 ::= [^ab]", "ac", 1);
    expect("root ::= x_1 X-2\nx_1 ::= [ab]\nX-2 ::= [^ab]", "ab", GRAMMAR_DEAD);
    expect("root ::= [a-] [\\]\\-^\\x41]", "-]", 1);
    expect("root ::= [a-] [\\]\\-^\\x41]", "a^", 1);
    expect("root ::= [a-] [\\]\\-^\\x41]", "-A", 1);
    expect("root ::= \"\\n\\r\\t\\\\\\\"\\u00e9\\U0001F600\"", "\n\r\t\\\"é😀", 1);
    expect("root ::= . \".\"", "é.", 1);
    expect("root ::= [α-ω]+", "λόγος", GRAMMAR_DEAD);
    expect("root ::= [ά-ώ]+", "λόγος", 1);
    expect("root ::= \"a\"{2}", "a", 0);
    expect("root ::= \"a\"{2}", "aa", 1);
    expect("root ::= \"a\"{2}", "aaa", GRAMMAR_DEAD);
    expect("root ::= \"a\"{ 2 , 3 }", "aaa", 1);
    expect("root ::= \"a\"{2,}", "aaaaaaa", 1);
    expect("root ::= \"a\"{0} \"b\"", "b", 1);
    expect("root ::= \"a\"{2}?", "a", 0);
    expect("root ::= \"a\"{2}?", "", 1);
    expect("root ::= (\"a\"?)* \"b\"", "aaab", 1);
    expect("root ::= ((\"a\"?)*)+", "aaa", 1);
    expect("root ::= \"(\" root \")\" | \"x\"", "(((x)))", 1);
    expect("root ::= \"(\" root \")\" | \"x\"", "(((x))", 0);
    expect("root ::= \"(\" root \")\" | \"x\"", "((x)))", GRAMMAR_DEAD);
    expect("root ::= [^a]", "\xED\x9F\xBF", 1);
    expect("root ::= [^a]", "\xED\xA0", GRAMMAR_DEAD); /* a surrogate */
    expect("root ::= [^a]", "\xF4\x90", GRAMMAR_DEAD); /* beyond Unicode */
    expect("root ::= [^a]", "\xC0", GRAMMAR_DEAD);     /* overlong */
}

/* Every character of a class and no other, by its bytes. */
static void test_ranges(void **state)
{
    (void)state;
    static const uint32_t ranges[][2] = {{0, 0},         {0x61, 0x7F},     {0x7E, 0x81},      {0x80, 0x7FF},
                                         {0x7F0, 0x905}, {0xD7FE, 0xE001}, {0xFFF0, 0x10010}, {0x1F600, 0x1F64F},
                                         {0x0, 0x10FFFF}};
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        char text[64];
        snprintf(text, sizeof text, "root ::= [\\U%08X-\\U%08X]", (unsigned)ranges[i][0], (unsigned)ranges[i][1]);
        struct grammar *g = open_text(text, NULL);
        struct grammar_walk *w = walk(g, NULL);
        for (uint32_t code = 0; code <= 0x10FFFF; code += code < 0x11000 ? 1 : 0x3F) {
            struct text bytes = {0};
            if (code >= 0xD800 && code <= 0xDFFF)
                continue;
            text_add_code(&bytes, code);
            bool in = code >= ranges[i][0] && code <= ranges[i][1];
            assert_int_equal(judge(w, bytes.bytes, bytes.length), in ? 1 : GRAMMAR_DEAD);
            text_free(&bytes);
        }
        grammar_walk_close(&w);
        grammar_close(&g);
    }
}

/* ---- against brute force ---- */

/* Languages over a and b as sets of strings of at most 4 letters: string s of length n is bit 2^n - 1 + s. */
enum { LETTERS = 4, STRINGS = 31, RULES = 3 };

static uint32_t seed = 7;
static unsigned draw(unsigned n)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % n;
}

static int length_of(int string)
{
    return string < 1 ? 0 : string < 3 ? 1 : string < 7 ? 2 : string < 15 ? 3 : 4;
}

static uint32_t concatenate(uint32_t a, uint32_t b)
{
    uint32_t made = 0;
    for (int x = 0; x < STRINGS; x++)
        for (int y = 0; y < STRINGS && a >> x & 1; y++) {
            int m = length_of(x), n = length_of(y);
            if (!(b >> y & 1) || m + n > LETTERS)
                continue;
            int letters = ((x - ((1 << m) - 1)) << n) | (y - ((1 << n) - 1));
            made |= UINT32_C(1) << ((1 << (m + n)) - 1 + letters);
        }
    return made;
}

enum kind { LETTER_A, LETTER_B, NOTHING, RULE, BOTH, EITHER, STAR, PLUS, MAYBE, TWICE };

struct tree {
    enum kind kind;
    unsigned rule;
    struct tree *left, *right;
};

static const char *const rule_names[RULES] = {"root", "one", "two"};

static struct tree *grow_tree(int depth)
{
    static const enum kind leaves[] = {LETTER_A, LETTER_A, LETTER_B, LETTER_B, RULE, RULE, NOTHING},
                           inner[] = {BOTH, BOTH, BOTH, EITHER, EITHER, STAR, PLUS, MAYBE, TWICE};
    struct tree *t = memory_new(1, sizeof *t);
    assert_non_null(t);
    t->kind = depth && draw(5) ? inner[draw(9)] : leaves[draw(7)];
    t->rule = draw(RULES);
    if (t->kind >= BOTH)
        t->left = grow_tree(depth - 1);
    if (t->kind == BOTH || t->kind == EITHER)
        t->right = grow_tree(depth - 1);
    return t;
}

static void free_tree(struct tree *t)
{
    if (!t)
        return;
    free_tree(t->left);
    free_tree(t->right);
    free(t);
}

static void write_tree(const struct tree *t, char *out)
{
    static const char *const leaves[] = {"\"a\"", "[b]", "\"\""}, *const after[] = {"*", "+", "?", "{1,2}"};
    if (t->kind <= RULE) {
        strcat(out, t->kind == RULE ? rule_names[t->rule] : leaves[t->kind]);
        return;
    }
    strcat(out, "(");
    write_tree(t->left, out);
    if (t->right) {
        strcat(out, t->kind == EITHER ? " | " : " ");
        write_tree(t->right, out);
    }
    strcat(out, ")");
    if (t->kind >= STAR)
        strcat(out, after[t->kind - STAR]);
}

static uint32_t language(const struct tree *t, const uint32_t *rules)
{
    uint32_t left = t->left ? language(t->left, rules) : 0, right = t->right ? language(t->right, rules) : 0;
    switch (t->kind) {
    case LETTER_A:
        return 2;
    case LETTER_B:
        return 4;
    case NOTHING:
        return 1;
    case RULE:
        return rules[t->rule];
    case BOTH:
        return concatenate(left, right);
    case EITHER:
        return left | right;
    case MAYBE:
        return left | 1;
    case TWICE:
        return left | concatenate(left, left);
    case STAR:
    case PLUS:
        break;
    }
    uint32_t all = t->kind == STAR ? left | 1 : left;
    for (int i = 0; i < LETTERS; i++)
        all |= concatenate(all, left);
    return all;
}

static void spell(int string, char *text)
{
    int length = length_of(string), letters = string - ((1 << length) - 1);
    for (int i = 0; i < length; i++)
        text[i] = letters >> (length - 1 - i) & 1 ? 'b' : 'a';
}

static void check_language(const char *text, struct grammar *g, uint32_t sentences)
{
    struct grammar_walk *w = walk(g, NULL);
    for (int string = 0; string < STRINGS; string++) {
        char letters[LETTERS];
        spell(string, letters);
        int verdict = judge(w, letters, (size_t)length_of(string));
        if ((verdict == 1) != (sentences >> string & 1))
            fail_msg("%s\n'%.*s' is %d", text, length_of(string), letters, verdict);
        /* What begins a sentence is never dead. */
        for (int more = string; more < STRINGS && verdict == GRAMMAR_DEAD; more++) {
            char longer[LETTERS];
            spell(more, longer);
            if (sentences >> more & 1 && memcmp(longer, letters, (size_t)length_of(string)) == 0)
                fail_msg("%s\n'%.*s' is dead", text, length_of(string), letters);
        }
    }
    grammar_walk_close(&w);
}

static void test_random_languages(void **state)
{
    (void)state;
    int checked = 0;
    for (int round = 0; round < 3000; round++) {
        struct tree *trees[RULES];
        char text[4096] = "";
        uint32_t rules[RULES] = {0}, before[RULES];
        for (int i = 0; i < RULES; i++) {
            trees[i] = grow_tree(3);
            sprintf(text + strlen(text), "%s ::= ", rule_names[i]);
            write_tree(trees[i], text);
            strcat(text, "\n");
        }
        do {
            memcpy(before, rules, sizeof before);
            for (int i = 0; i < RULES; i++)
                rules[i] |= language(trees[i], rules);
        } while (memcmp(before, rules, sizeof before) != 0);
        struct grammar *g = NULL;
        struct fault fault = {0};
        if (!grammar_open(&g, text, strlen(text), "g", NULL, &fault)) {
            check_language(text, g, rules[0]);
            checked++;
        } else if (!strstr(fault.message, "left-recursive") && !strstr(fault.message, "never end")) {
            fail_msg("%s\n%s", text, fault.message);
        }
        grammar_close(&g);
        for (int i = 0; i < RULES; i++)
            free_tree(trees[i]);
    }
    assert_in_range(checked, 500, 3000);
}

/* ---- tokens ---- */

static void expect_tokens(struct grammar_walk *w, int32_t state, const char *list)
{
    char found[256] = "";
    size_t count;
    const struct grammar_token *t = grammar_tokens(w, state, &count);
    for (size_t i = 0; i < count; i++) {
        sprintf(found + strlen(found), "%s%d", i ? " " : "", (int)t[i].token);
        assert_int_equal(t[i].state, grammar_next(w, state, t[i].token));
        t = grammar_tokens(w, state, &count);
    }
    assert_string_equal(found, list);
}

static void test_tokens(void **state)
{
    (void)state;
    /*                               0    1       2      3     4      5    6     7       8 */
    static const char *const all[] = {" ", " yes", "yes", "ye", "s no", NULL, " no", "\xC3", "\xA9"};
    struct token_trie *trie = tokens(all, 9);
    struct grammar *g = open_text("root ::= (\"Yes\" | \"No\" | \"é\") (\" \" root)?", trie);
    struct grammar_walk *w = walk(g, trie);
    int32_t start = grammar_begin(w);
    expect_tokens(w, start, "0 1 2 3 6 7");
    int32_t yes = grammar_next(w, start, 1), half = grammar_next(w, start, 7);
    assert_int_equal(yes, grammar_next(w, start, 2));
    assert_true(grammar_may_end(w, yes));
    assert_false(grammar_may_end(w, start));
    assert_false(grammar_may_end(w, half));
    expect_tokens(w, yes, "0 1 6");
    expect_tokens(w, half, "8");
    expect_tokens(w, grammar_next(w, start, 3), "4");
    expect_tokens(w, grammar_next(w, start, 0), "2 3 7"); /* the free space was there already */
    expect_tokens(w, grammar_next(w, yes, 0), "2 3 7");
    assert_int_equal(grammar_next(w, yes, 5), yes); /* which spell nothing */
    assert_int_equal(grammar_next(w, yes, 99), yes);
    assert_int_equal(grammar_next(w, yes, 3), GRAMMAR_DEAD);
    expect_tokens(w, GRAMMAR_DEAD, "");
    grammar_walk_close(&w);
    grammar_close(&g);
    token_trie_close(&trie);
}

/* A grammar that begins with a space, as written for whisper.cpp, meets texts without and with one. */
static void test_leading_space(void **state)
{
    (void)state;
    static const char *const all[] = {" a", "a", " "};
    struct token_trie *trie = tokens(all, 3);
    struct grammar *g = open_text("root ::= \" \" [a-c]", trie);
    struct grammar_walk *w = walk(g, trie);
    int32_t start = grammar_begin(w);
    expect_tokens(w, start, "0 2");
    assert_true(grammar_may_end(w, grammar_next(w, start, 0)));
    expect_tokens(w, grammar_next(w, start, 2), "0 1 2");
    grammar_walk_close(&w);
    grammar_close(&g);
    token_trie_close(&trie);
}

/* A space that no token can go on from is not offered. */
static void test_no_way_on(void **state)
{
    (void)state;
    static const char *const all[] = {" a", "b", " "};
    struct token_trie *trie = tokens(all, 3);
    struct grammar *g = open_text("root ::= \"b\" (\" a\")* (\" b\")?", trie);
    struct grammar_walk *w = walk(g, trie);
    int32_t b = grammar_next(w, grammar_begin(w), 1);
    expect_tokens(w, b, "0 2");
    grammar_walk_close(&w);
    grammar_close(&g);
    g = open_text("root ::= \"b\" (\" a\")*", trie);
    w = walk(g, trie);
    b = grammar_next(w, grammar_begin(w), 1);
    expect_tokens(w, b, "0");
    grammar_walk_close(&w);
    grammar_close(&g);
    token_trie_close(&trie);
}

static void test_spelled(void **state)
{
    (void)state;
    static const char *const small[] = {"a", "b", " c", "é"}, *const both[] = {"a", "A", "\xC3", "\xA9"};
    struct token_trie *trie = tokens(small, 4);
    refuse("root ::= \"ab\"\n | \"aX?\"", trie, "g, line 2, column 4: no token of the model spells '?'");
    refuse("root ::= [0-9]", trie,
           "g, line 1, column 10: a class of characters of which no token of the model has any");
    refuse("root ::= \"a\\n\"", trie, "g, line 1, column 10: no token of the model spells the character U+000A");
    struct grammar *g = open_text("root ::= \"AÉ\" [A-C] [^A]", trie);
    struct grammar_walk *w = walk(g, trie);
    assert_int_equal(judge(w, "aéba", 5), 1);
    assert_int_equal(judge(w, "aéb", 4), 0);
    grammar_walk_close(&w);
    grammar_close(&g);
    token_trie_close(&trie);
    trie = tokens(both, 4);
    refuse("root ::= \"ü\"", trie, "g, line 1, column 10: no token of the model spells 'ü'");
    g = open_text("root ::= \"é\" \"A\"", trie);
    w = walk(g, trie);
    assert_int_equal(judge(w, "éA", 3), 1);
    assert_int_equal(judge(w, "éa", 3), GRAMMAR_DEAD);
    grammar_walk_close(&w);
    grammar_close(&g);
    token_trie_close(&trie);
}

/* ---- hostile ---- */

/* Many readings at once, and many states: each ends in a sentence within some seconds, and the walk goes on after. */
static void test_too_ambiguous(void **state)
{
    (void)state;
    static const char *const hostile[] = {
        "root ::= (x | y) \"b\" | \"c\"\nx ::= \"a\" root \"d\"\ny ::= \"a\" root \"e\"",
        "root ::= \"a\" root root | \"a\" root \"b\" root | \"c\" | \"a\" root \"d\"",
    };
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        struct grammar *g = open_text(hostile[i], NULL);
        struct grammar_walk *w = walk(g, NULL);
        struct fault fault = {0};
        int32_t at = grammar_begin(w);
        clock_t began = clock();
        for (int k = 0; k < 100000 && at >= 0; k++)
            at = grammar_next_bytes(w, at, "a", 1);
        assert_int_equal(at, GRAMMAR_DEAD);
        assert_int_equal(grammar_check(w, &fault), UTTER_ERROR_UNSUPPORTED);
        assert_non_null(strstr(fault.message, "g: the grammar is too ambiguous or too large to follow: "));
        assert_true((double)(clock() - began) / CLOCKS_PER_SEC < 60);
        assert_int_equal(judge(w, "c", 1), 1);
        grammar_walk_close(&w);
        grammar_close(&g);
    }
}

/* A chain of a hundred thousand rules, of optional letters, and a list of ten thousand names: large and fine. */
static void test_large(void **state)
{
    (void)state;
    struct text text = {0};
    char line[64];
    text_add_string(&text, "root ::= r0\n");
    for (int i = 0; i < 30000; i++) {
        snprintf(line, sizeof line, "r%d ::= r%d\n", i, i + 1);
        text_add_string(&text, line);
    }
    text_add_string(&text, "r30000 ::= ");
    for (int i = 0; i < 10000; i++) {
        snprintf(line, sizeof line, "\"name %d\" | ", i * 7919 % 100003);
        text_add_string(&text, line);
    }
    text_add_string(&text, "[a-z]? [a-z]? [a-z]? [a-z]? [a-z]?");
    struct grammar *g = NULL;
    struct fault fault = {0};
    if (grammar_open(&g, text.bytes, text.length, "large", NULL, &fault))
        fail_msg("%s", fault.message);
    struct grammar_walk *w = walk(g, NULL);
    assert_int_equal(judge(w, "name 7919", 9), 1);
    assert_int_equal(judge(w, "names", 5), 1);
    assert_int_equal(judge(w, "name 100003", 11), GRAMMAR_DEAD);
    grammar_walk_close(&w);
    grammar_close(&g);
    text_free(&text);
    char *huge = memory_new(GRAMMAR_BYTES + 1, 1);
    assert_non_null(huge);
    memset(huge, '\n', GRAMMAR_BYTES + 1);
    assert_int_equal(grammar_open(&g, huge, GRAMMAR_BYTES + 1, "huge", NULL, &fault), UTTER_ERROR_MODEL);
    assert_string_equal(fault.message, "huge: a grammar of 1048577 bytes, and there may be 1048576");
    free(huge);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_recursion_refused),
        cmocka_unit_test(test_dialect),
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_random_languages),
        cmocka_unit_test(test_tokens),
        cmocka_unit_test(test_leading_space),
        cmocka_unit_test(test_no_way_on),
        cmocka_unit_test(test_spelled),
        cmocka_unit_test(test_too_ambiguous),
        cmocka_unit_test(test_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
