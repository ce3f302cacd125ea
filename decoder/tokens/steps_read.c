/* steps_read.c - normalizer, pre_tokenizer and decoder of a tokenizer.json to flat lists of steps. */
#include "decoder/tokens/tokenizer_parts.h"

#include "src/base/memory.h"

#include <stdlib.h>
#include <string.h>

#define SPACE_MARK "\xE2\x96\x81" /* U+2581, what SentencePiece writes for a space */

/* The patterns that tokenizers compiles in. */
#define GPT2_WORDS        "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"
#define WORDS_AND_SYMBOLS "\\w+|[^\\w\\s]+"
#define PUNCTUATION       "[\\p{P}!-/:-@\\[-`{-~]"

const cJSON *json_member(const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_IsObject(object) ? cJSON_GetObjectItemCaseSensitive(object, key) : NULL;
    return item && !cJSON_IsNull(item) ? item : NULL;
}

const char *json_text(const cJSON *object, const char *key)
{
    return cJSON_GetStringValue(json_member(object, key));
}

bool json_true(const cJSON *object, const char *key, bool otherwise)
{
    const cJSON *item = json_member(object, key);
    return cJSON_IsBool(item) ? cJSON_IsTrue(item) : otherwise;
}

void steps_free(struct steps *steps)
{
    for (size_t i = 0; i < steps->count; i++) {
        pattern_close(&steps->steps[i].pattern);
        charsmap_close(&steps->steps[i].charsmap);
        free(steps->steps[i].content);
    }
    free(steps->steps);
    *steps = (struct steps){0};
}

/* Appends an empty step; NULL when memory ran out. */
static struct step *add_step(struct steps *steps, enum step_kind kind, struct fault *fault)
{
    void *grown = steps->steps;
    if (!memory_grow(&grown, &steps->capacity, steps->count + 1, sizeof *steps->steps)) {
        fail_memory(fault, "a tokenizer's steps");
        return NULL;
    }
    steps->steps = grown;
    steps->steps[steps->count] = (struct step){.kind = kind};
    return &steps->steps[steps->count++];
}

static int set_content(struct step *step, const char *text, struct fault *fault)
{
    step->content = memory_text(text, strlen(text));
    return step->content ? 0 : fail_memory(fault, "a tokenizer's steps");
}

static int missing(const char *name, const char *type, const char *what, struct fault *fault)
{
    return fail(fault, UTTER_ERROR_MODEL, "%s: the step '%s' has no %s", name, type, what);
}

/* {"String": "x"} or {"Regex": "x"} */
static int set_pattern(struct step *step, const cJSON *item, const char *name, struct fault *fault)
{
    const cJSON *pattern = json_member(item, "pattern");
    const char *literal = json_text(pattern, "String"), *regex = json_text(pattern, "Regex");
    if (cJSON_IsString(pattern))
        literal = pattern->valuestring;
    if (!literal && !regex)
        return missing(name, json_text(item, "type"), "pattern", fault);
    return pattern_open(&step->pattern, literal ? literal : regex, literal != NULL, name, fault);
}

static int read_replace(struct steps *steps, const cJSON *item, const char *name, struct fault *fault)
{
    const char *content = json_text(item, "content");
    struct step *step = add_step(steps, STEP_REPLACE, fault);
    if (!step)
        return UTTER_ERROR_MEMORY;
    if (!content)
        return missing(name, "Replace", "content", fault);
    int error = set_content(step, content, fault);
    return error ? error : set_pattern(step, item, name, fault);
}

/* Older files say add_prefix_space where newer ones say prepend_scheme. */
static int read_metaspace(struct steps *steps, const cJSON *item, bool splits, const char *name, struct fault *fault)
{
    const char *mark = json_text(item, "replacement"), *scheme = json_text(item, "prepend_scheme");
    struct step *step = add_step(steps, STEP_METASPACE, fault);
    if (!step)
        return UTTER_ERROR_MEMORY;
    step->prepend = json_true(item, "add_prefix_space", true) ? PREPEND_ALWAYS : PREPEND_NEVER;
    if (scheme && strcmp(scheme, "first") == 0)
        step->prepend = PREPEND_FIRST;
    else if (scheme && strcmp(scheme, "always") != 0 && strcmp(scheme, "never") != 0)
        return fail(fault, UTTER_ERROR_UNSUPPORTED, "%s: the prepend scheme '%.60s' is not known", name, scheme);
    else if (scheme)
        step->prepend = scheme[0] == 'a' ? PREPEND_ALWAYS : PREPEND_NEVER;
    mark = mark ? mark : SPACE_MARK;
    if (!*mark || utf8_length(mark, strlen(mark)) != strlen(mark))
        return fail(fault, UTTER_ERROR_MODEL, "%s: the Metaspace replacement is not one character", name);
    int error = set_content(step, mark, fault);
    if (!error && splits && json_true(item, "split", true))
        error = pattern_open(&step->pattern, mark, true, name, fault);
    return error;
}

/* A Sequence's members one after the other, through the same reader. */
typedef int (*read_step)(struct steps *steps, const cJSON *item, const char *name, struct fault *fault);
static int read_sequence(struct steps *steps, const cJSON *items, read_step read, const char *name, struct fault *fault)
{
    int error = 0;
    if (!cJSON_IsArray(items))
        return fail(fault, UTTER_ERROR_MODEL, "%s: a Sequence has no list of steps", name);
    for (const cJSON *item = items->child; item && !error; item = item->next)
        error = read(steps, item, name, fault);
    return error;
}

static bool is(const char *type, const char *name)
{
    return strcmp(type, name) == 0;
}

/* The step's type; a file without one is damaged. */
static const char *type_of(const cJSON *item, const char *name, struct fault *fault)
{
    const char *type = json_text(item, "type");
    if (!type)
        fail(fault, UTTER_ERROR_MODEL, "%s: a normalizer, pre-tokenizer or decoder has no type", name);
    return type;
}

static int read_charsmap(struct steps *steps, const cJSON *item, const char *name, struct fault *fault)
{
    const char *base64 = json_text(item, "precompiled_charsmap");
    if (!base64 || !*base64) /* an identity model */
        return 0;
    struct step *step = add_step(steps, STEP_CHARSMAP, fault);
    return step ? charsmap_open(&step->charsmap, base64, name, fault) : UTTER_ERROR_MEMORY;
}

int steps_read_normalizer(struct steps *steps, const cJSON *item, const char *name, struct fault *fault)
{
    const char *type = type_of(item, name, fault), *text;
    struct step *step = NULL;
    if (!type)
        return UTTER_ERROR_MODEL;
    if (is(type, "Sequence"))
        return read_sequence(steps, json_member(item, "normalizers"), steps_read_normalizer, name, fault);
    if (is(type, "Replace"))
        return read_replace(steps, item, name, fault);
    if (is(type, "Precompiled"))
        return read_charsmap(steps, item, name, fault);
    if (is(type, "NFC") || is(type, "NFD") || is(type, "NFKC") || is(type, "NFKD") || is(type, "StripAccents")) {
        if (!(step = add_step(steps, STEP_UNICODE, fault)))
            return UTTER_ERROR_MEMORY;
        step->composed = is(type, "NFC");
        return 0;
    }
    if (is(type, "Lowercase"))
        return add_step(steps, STEP_LOWERCASE, fault) ? 0 : UTTER_ERROR_MEMORY;
    if (is(type, "Strip")) {
        if (!(step = add_step(steps, STEP_STRIP_SPACE, fault)))
            return UTTER_ERROR_MEMORY;
        step->left = json_true(item, "strip_left", true);
        step->right = json_true(item, "strip_right", true);
        return 0;
    }
    if (is(type, "Prepend")) {
        if (!(text = json_text(item, "prepend")))
            return missing(name, type, "text", fault);
        return (step = add_step(steps, STEP_PREPEND, fault)) ? set_content(step, text, fault) : UTTER_ERROR_MEMORY;
    }
    return fail(fault, UTTER_ERROR_UNSUPPORTED, "%s: the normalizer '%.60s' is not supported", name, type);
}

static bool read_behavior(const char *text, enum split_behavior *behavior)
{
    static const char *const names[] = {"Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"};
    for (int i = 0; text && i < 5; i++)
        if (is(text, names[i])) {
            *behavior = (enum split_behavior)i;
            return true;
        }
    return false;
}

/* A split by a pattern that the step's type implies. */
static int add_split(struct steps *steps, const char *pattern, enum split_behavior behavior, bool invert,
                     const char *name, struct fault *fault)
{
    struct step *step = add_step(steps, STEP_SPLIT, fault);
    if (!step)
        return UTTER_ERROR_MEMORY;
    step->behavior = behavior;
    step->invert = invert;
    return pattern_open(&step->pattern, pattern, false, name, fault);
}

static int read_split(struct steps *steps, const cJSON *item, const char *name, struct fault *fault)
{
    struct step *step = add_step(steps, STEP_SPLIT, fault);
    if (!step)
        return UTTER_ERROR_MEMORY;
    if (!read_behavior(json_text(item, "behavior"), &step->behavior))
        return missing(name, "Split", "behavior", fault);
    step->invert = json_true(item, "invert", false);
    return set_pattern(step, item, name, fault);
}

static int read_byte_level(struct steps *steps, const cJSON *item, const char *name, struct fault *fault)
{
    struct step *step = add_step(steps, STEP_BYTE_LEVEL, fault);
    if (!step)
        return UTTER_ERROR_MEMORY;
    step->add_space = json_true(item, "add_prefix_space", true);
    return json_true(item, "use_regex", true) ? pattern_open(&step->pattern, GPT2_WORDS, false, name, fault) : 0;
}

static int read_delimiter(struct steps *steps, const cJSON *item, const char *name, struct fault *fault)
{
    const char *text = json_text(item, "delimiter");
    struct step *step = add_step(steps, STEP_SPLIT, fault);
    if (!step)
        return UTTER_ERROR_MEMORY;
    return text ? pattern_open(&step->pattern, text, true, name, fault)
                : missing(name, "CharDelimiterSplit", "delimiter", fault);
}

int steps_read_pre_tokenizer(struct steps *steps, const cJSON *item, const char *name, struct fault *fault)
{
    const char *type = type_of(item, name, fault);
    enum split_behavior behavior = SPLIT_ISOLATED;
    if (!type)
        return UTTER_ERROR_MODEL;
    if (is(type, "Sequence"))
        return read_sequence(steps, json_member(item, "pretokenizers"), steps_read_pre_tokenizer, name, fault);
    if (is(type, "Metaspace"))
        return read_metaspace(steps, item, true, name, fault);
    if (is(type, "ByteLevel"))
        return read_byte_level(steps, item, name, fault);
    if (is(type, "Split"))
        return read_split(steps, item, name, fault);
    if (is(type, "CharDelimiterSplit"))
        return read_delimiter(steps, item, name, fault);
    if (is(type, "Whitespace"))
        return add_split(steps, WORDS_AND_SYMBOLS, SPLIT_REMOVED, true, name, fault);
    if (is(type, "WhitespaceSplit"))
        return add_split(steps, "\\s", SPLIT_REMOVED, false, name, fault);
    if (is(type, "Digits")) {
        behavior = json_true(item, "individual_digits", false) ? SPLIT_ISOLATED : SPLIT_CONTIGUOUS;
        return add_split(steps, "\\p{N}", behavior, false, name, fault);
    }
    if (is(type, "Punctuation")) {
        read_behavior(json_text(item, "behavior"), &behavior);
        return add_split(steps, PUNCTUATION, behavior, false, name, fault);
    }
    if (is(type, "BertPreTokenizer")) {
        int error = add_split(steps, "\\s", SPLIT_REMOVED, false, name, fault);
        return error ? error : add_split(steps, PUNCTUATION, SPLIT_ISOLATED, false, name, fault);
    }
    return fail(fault, UTTER_ERROR_UNSUPPORTED, "%s: the pre-tokenizer '%.60s' is not supported", name, type);
}

/* A count in a step, bounded so that no arithmetic on it can overflow. */
static size_t read_count(const cJSON *item, const char *key)
{
    const cJSON *number = json_member(item, key);
    double value = cJSON_IsNumber(number) ? number->valuedouble : 0.0;
    return value > 0.0 ? (value < 1e6 ? (size_t)value : 1000000) : 0;
}

static int read_strip(struct steps *steps, const cJSON *item, const char *name, struct fault *fault)
{
    const char *content = json_text(item, "content");
    struct step *step = add_step(steps, STEP_STRIP, fault);
    if (!step)
        return UTTER_ERROR_MEMORY;
    if (!content)
        return missing(name, "Strip", "content", fault);
    step->start = read_count(item, "start");
    step->stop = read_count(item, "stop");
    return set_content(step, content, fault);
}

int steps_read_decoder(struct steps *steps, const cJSON *item, const char *name, struct fault *fault)
{
    const char *type = type_of(item, name, fault);
    if (!type)
        return UTTER_ERROR_MODEL;
    if (is(type, "Sequence"))
        return read_sequence(steps, json_member(item, "decoders"), steps_read_decoder, name, fault);
    if (is(type, "Metaspace"))
        return read_metaspace(steps, item, false, name, fault);
    if (is(type, "Replace"))
        return read_replace(steps, item, name, fault);
    if (is(type, "Strip"))
        return read_strip(steps, item, name, fault);
    if (is(type, "ByteLevel"))
        return add_step(steps, STEP_BYTE_LEVEL, fault) ? 0 : UTTER_ERROR_MEMORY;
    if (is(type, "ByteFallback"))
        return add_step(steps, STEP_BYTE_FALLBACK, fault) ? 0 : UTTER_ERROR_MEMORY;
    if (is(type, "Fuse"))
        return add_step(steps, STEP_FUSE, fault) ? 0 : UTTER_ERROR_MEMORY;
    if (is(type, "BPEDecoder")) {
        const char *suffix = json_text(item, "suffix");
        struct step *step = add_step(steps, STEP_SUFFIX, fault);
        return step ? set_content(step, suffix ? suffix : "</w>", fault) : UTTER_ERROR_MEMORY;
    }
    return fail(fault, UTTER_ERROR_UNSUPPORTED, "%s: the decoder '%.60s' is not supported", name, type);
}
