#include "decoder/spoken/spoken_ssml.h"

#include "decoder/spoken/spoken_ssml_prosody.h"
#include "decoder/text.h"
#include "src/base/memory.h"

#include <expat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DEPTH_MAX = 64,
    TOKEN_MAX = 65536 /* bytes of one tag, comment or instruction: Expat keeps what is unfinished */
};

enum element_kind {
    ELEMENT_OTHER, /* its text is said */
    ELEMENT_SPEAK,
    ELEMENT_PARAGRAPH,
    ELEMENT_SENTENCE,
    ELEMENT_BREAK,
    ELEMENT_PROSODY,
    ELEMENT_EMPHASIS,
    ELEMENT_VOICE,
    ELEMENT_MARK,
    ELEMENT_PHONEME,
    ELEMENT_SUB,
    ELEMENT_SAY_AS,
    ELEMENT_SILENT /* its text is not said */
};

struct element {
    enum element_kind kind;
    char name[32];
    unsigned long line, column;
    struct prosody prosody; /* inside it */
};

struct ssml {
    XML_Parser parser;
    struct folded *folded;
    struct mark_list *marks;
    const struct spoken_voice *voice;
    struct element open[DEPTH_MAX];
    size_t depth;
    size_t captured;             /* depth of the element whose text goes into the object, or 0 */
    struct spoken_object object; /* that is being captured */
    struct text alias;           /* of sub */
    size_t content;              /* where the text of the captured element begins in the stream */
    size_t fed, reached;         /* bytes; and how many of them Expat has understood */
    struct prosody base;
    struct fault *fault;
    int error;
};

static enum element_kind element_kind(const char *name)
{
    static const struct {
        const char *name;
        enum element_kind kind;
    } kinds[] = {{"speak", ELEMENT_SPEAK},     {"p", ELEMENT_PARAGRAPH},       {"paragraph", ELEMENT_PARAGRAPH},
                 {"s", ELEMENT_SENTENCE},      {"sentence", ELEMENT_SENTENCE}, {"break", ELEMENT_BREAK},
                 {"prosody", ELEMENT_PROSODY}, {"phoneme", ELEMENT_PHONEME},   {"sub", ELEMENT_SUB},
                 {"say-as", ELEMENT_SAY_AS},   {"emphasis", ELEMENT_EMPHASIS}, {"voice", ELEMENT_VOICE},
                 {"mark", ELEMENT_MARK},       {"desc", ELEMENT_SILENT},       {"lexicon", ELEMENT_SILENT},
                 {"meta", ELEMENT_SILENT},     {"metadata", ELEMENT_SILENT}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i].name, name) == 0)
            return kinds[i].kind;
    return ELEMENT_OTHER;
}

/* Stops the parser with a sentence that says where; what: a format with one string. */
static void refuse(struct ssml *s, int code, const char *what, const char *of)
{
    char sentence[320];
    snprintf(sentence, sizeof sentence, what, of);
    if (!s->error)
        s->error = fail(s->fault, code, "SSML, line %lu, column %lu: %s", XML_GetCurrentLineNumber(s->parser),
                        XML_GetCurrentColumnNumber(s->parser) + 1, sentence);
    XML_StopParser(s->parser, XML_FALSE);
}

static size_t position(const struct ssml *s)
{
    return (size_t)XML_GetCurrentByteIndex(s->parser);
}

/* An element that changes how what is in it is said. */
static void begin_prosody(struct ssml *s, const struct element *element, struct ssml_refusal refusal)
{
    if (refusal.code)
        refuse(s, refusal.code, refusal.what, refusal.of);
    folded_prosody(s->folded, &element->prosody);
}

/* Text goes on across it: it is kept beside. */
static void add_mark(struct ssml *s, const char **attributes)
{
    const char *name = ssml_attribute(attributes, "name");
    if (!name)
        refuse(s, UTTER_ERROR_ARGUMENT, "a %s needs its name in the attribute name", "mark");
    else if (!mark_list_add(s->marks, name, position(s)))
        s->folded->failed = true;
}

static void add_break(struct ssml *s, const char **attributes)
{
    const char *time = ssml_attribute(attributes, "time"), *strength = ssml_attribute(attributes, "strength");
    struct spoken_object object = {.kind = OBJECT_BREAK, .pause = 0.5};
    if (strength && !ssml_read_strength(strength, &object.pause))
        refuse(s, UTTER_ERROR_ARGUMENT, "a break's strength is none, x-weak to x-strong, not \"%.40s\"", strength);
    if (time && !ssml_read_time(time, &object.pause))
        refuse(s, UTTER_ERROR_ARGUMENT, "a break's time is as 500ms or 1.5s, not \"%.40s\"", time);
    if (object.pause > 60.0)
        refuse(s, UTTER_ERROR_ARGUMENT, "a break lasts at most 60 s, not \"%.40s\"", time ? time : "");
    if (object.pause > 0.0 && !s->error)
        folded_object(s->folded, &object, position(s), position(s) + (size_t)XML_GetCurrentByteCount(s->parser));
}

/* The text of the element that has just begun goes into an object. */
static void capture(struct ssml *s, enum spoken_object_kind kind)
{
    s->object = (struct spoken_object){.kind = kind};
    s->captured = s->depth;
    s->content = position(s) + (size_t)XML_GetCurrentByteCount(s->parser);
}

static bool copy_value(char *to, size_t size, const char *value)
{
    const size_t length = strlen(value);
    if (length >= size)
        return false;
    memcpy(to, value, length + 1);
    return true;
}

static void begin_phoneme(struct ssml *s, const char **attributes)
{
    const char *alphabet = ssml_attribute(attributes, "alphabet"), *phones = ssml_attribute(attributes, "ph");
    capture(s, OBJECT_PHONEME);
    if (alphabet && strcmp(alphabet, "ipa") != 0 && strcmp(alphabet, "x-arpabet") != 0)
        refuse(s, UTTER_ERROR_UNSUPPORTED, "the alphabet of a phoneme is ipa or x-arpabet, not \"%.40s\"", alphabet);
    if (!phones || !*phones)
        refuse(s, UTTER_ERROR_ARGUMENT, "a %s needs its phones in the attribute ph", "phoneme");
    else if (!copy_value(s->object.given, sizeof s->object.given, phones))
        refuse(s, UTTER_ERROR_ARGUMENT, "the phones of one phoneme are longer than 255 bytes: \"%.40s\"…", phones);
}

static void begin_sub(struct ssml *s, const char **attributes)
{
    const char *alias = ssml_attribute(attributes, "alias");
    if (!alias) {
        refuse(s, UTTER_ERROR_ARGUMENT, "a %s needs what is said instead in the attribute alias", "sub");
        return;
    }
    s->alias.length = 0;
    text_add(&s->alias, alias, strlen(alias));
    capture(s, OBJECT_NONE);
}

/* One that is not known is ignored, as the standard asks (section 3.1.9). */
static void begin_say_as(struct ssml *s, const char **attributes)
{
    static const char known[] =
        " characters spell-out verbatim cardinal number ordinal digits telephone phone date time "
        "fraction unit currency ";
    const char *interpret = ssml_attribute(attributes, "interpret-as"), *format = ssml_attribute(attributes, "format");
    char word[40];
    if (!interpret) {
        refuse(s, UTTER_ERROR_ARGUMENT, "a %s needs the attribute interpret-as", "say-as");
        return;
    }
    snprintf(word, sizeof word, " %.30s ", interpret);
    if (!strstr(known, word) || s->folded->raw)
        return;
    capture(s, OBJECT_SAY_AS);
    copy_value(s->object.interpret, sizeof s->object.interpret, interpret);
    if (format)
        copy_value(s->object.format, sizeof s->object.format, format);
}

static void begin_content(struct ssml *s, struct element *element, const char **attributes)
{
    switch (element->kind) {
    case ELEMENT_SPEAK:
    case ELEMENT_PARAGRAPH:
        folded_end(s->folded, FOLDED_PARAGRAPH, position(s));
        break;
    case ELEMENT_SENTENCE:
        folded_end(s->folded, FOLDED_SENTENCE, position(s));
        break;
    case ELEMENT_BREAK:
        add_break(s, attributes);
        break;
    case ELEMENT_PROSODY:
        begin_prosody(s, element, ssml_prosody(&element->prosody, s->voice, attributes));
        break;
    case ELEMENT_EMPHASIS:
        begin_prosody(s, element, ssml_emphasis(&element->prosody, attributes));
        break;
    case ELEMENT_VOICE:
        ssml_voice(&element->prosody, s->voice, attributes);
        folded_prosody(s->folded, &element->prosody);
        break;
    case ELEMENT_MARK:
        add_mark(s, attributes);
        break;
    case ELEMENT_PHONEME:
        begin_phoneme(s, attributes);
        break;
    case ELEMENT_SUB:
        begin_sub(s, attributes);
        break;
    case ELEMENT_SAY_AS:
        begin_say_as(s, attributes);
        break;
    case ELEMENT_SILENT:
        capture(s, OBJECT_NONE);
        break;
    case ELEMENT_OTHER:
        break;
    }
}

/* Of an element inside one that is captured, nothing but its text counts, and marks. */
static void begin_captured(struct ssml *s, const struct element *element, const char **attributes)
{
    if (element->kind == ELEMENT_MARK && s->open[s->captured - 1].kind != ELEMENT_SILENT)
        add_mark(s, attributes);
}

static void XMLCALL on_begin(void *data, const XML_Char *name, const XML_Char **attributes)
{
    struct ssml *s = data;
    s->reached = position(s);
    if (s->depth == DEPTH_MAX) {
        refuse(s, UTTER_ERROR_ARGUMENT, "<%.40s> is more than 64 elements deep", name);
        return;
    }
    struct element *element = &s->open[s->depth++];
    *element = (struct element){.kind = element_kind(name), .prosody = s->base};
    if (s->depth > 1)
        element->prosody = element[-1].prosody;
    snprintf(element->name, sizeof element->name, "%s", name);
    element->line = XML_GetCurrentLineNumber(s->parser);
    element->column = XML_GetCurrentColumnNumber(s->parser) + 1;
    if (s->captured)
        begin_captured(s, element, attributes);
    else
        begin_content(s, element, attributes);
}

/* Bytes of well-formed UTF-8, all from one place or, with apart, each from its own. */
static void add_text(struct ssml *s, const char *bytes, size_t size, size_t begin, size_t end, bool apart)
{
    for (size_t i = 0, n; i < size; i += n) {
        n = utf8_length(bytes + i, size - i);
        if (!n)
            return;
        const uint32_t code = utf8_code(bytes + i, n);
        if (apart)
            folded_add(s->folded, code, begin + i, begin + i + n);
        else
            folded_add(s->folded, code, begin, end);
    }
}

static void end_captured(struct ssml *s, enum element_kind kind)
{
    s->captured = 0;
    if (kind == ELEMENT_SUB)
        add_text(s, s->alias.bytes, s->alias.length, s->content, position(s), false);
    else if (s->object.kind != OBJECT_NONE)
        folded_object(s->folded, &s->object, s->content, position(s));
}

static void XMLCALL on_end(void *data, const XML_Char *name)
{
    struct ssml *s = data;
    (void)name;
    s->reached = position(s);
    const struct element *element = &s->open[s->depth - 1];
    if (s->captured == s->depth)
        end_captured(s, element->kind);
    s->depth--;
    if (s->captured)
        return;
    if (element->kind == ELEMENT_SPEAK || element->kind == ELEMENT_PARAGRAPH)
        folded_end(s->folded, FOLDED_PARAGRAPH, position(s));
    if (element->kind == ELEMENT_SENTENCE)
        folded_end(s->folded, FOLDED_SENTENCE, position(s));
    if (element->kind == ELEMENT_PROSODY || element->kind == ELEMENT_EMPHASIS || element->kind == ELEMENT_VOICE)
        folded_prosody(s->folded, s->depth ? &element[-1].prosody : &s->base);
}

/* The text of a captured element, of one object of bounded size. */
static void capture_text(struct ssml *s, const char *bytes, size_t size)
{
    const size_t length = strlen(s->object.text);
    if (s->object.kind == OBJECT_NONE)
        return;
    if (size >= sizeof s->object.text - length) {
        refuse(s, UTTER_ERROR_ARGUMENT, "the text of one %s is longer than 1023 bytes", s->open[s->captured - 1].name);
        return;
    }
    memcpy(s->object.text + length, bytes, size);
    s->object.text[length + size] = 0;
}

static void XMLCALL on_text(void *data, const XML_Char *bytes, int size)
{
    struct ssml *s = data;
    const size_t begin = position(s), count = (size_t)XML_GetCurrentByteCount(s->parser);
    s->reached = begin + count;
    if (s->captured)
        capture_text(s, bytes, (size_t)size);
    else /* an entity is longer than what it stands for */
        add_text(s, bytes, (size_t)size, begin, begin + count, count == (size_t)size);
}

/* Comments, instructions, the marks of CDATA. */
static void XMLCALL on_other(void *data, const XML_Char *bytes, int size)
{
    struct ssml *s = data;
    (void)bytes;
    (void)size;
    s->reached = position(s);
}

static void XMLCALL on_doctype(void *data, const XML_Char *name, const XML_Char *system, const XML_Char *public_id,
                               int internal)
{
    (void)system;
    (void)public_id;
    (void)internal;
    refuse(data, UTTER_ERROR_UNSUPPORTED, "a DOCTYPE (of \"%.40s\") is not read", name);
}

int ssml_open(struct ssml **ssml, struct folded *folded, struct mark_list *marks, const struct spoken_voice *voice,
              struct fault *fault)
{
    struct ssml *s = memory_new(1, sizeof *s);
    if (s)
        s->parser = XML_ParserCreate("UTF-8");
    if (!s || !s->parser) {
        free(s);
        return fail_memory(fault, "a reader of SSML");
    }
    s->folded = folded;
    s->marks = marks;
    s->voice = voice;
    s->base = folded->styles[folded->style_count - 1].prosody;
    XML_SetUserData(s->parser, s);
    XML_SetElementHandler(s->parser, on_begin, on_end);
    XML_SetCharacterDataHandler(s->parser, on_text);
    XML_SetDefaultHandler(s->parser, on_other);
    XML_SetStartDoctypeDeclHandler(s->parser, on_doctype);
    *ssml = s;
    return 0;
}

void ssml_close(struct ssml **ssml)
{
    if (!*ssml)
        return;
    XML_ParserFree((*ssml)->parser);
    text_free(&(*ssml)->alias);
    free(*ssml);
    *ssml = NULL;
}

static int parser_failed(struct ssml *s)
{
    const enum XML_Error error = XML_GetErrorCode(s->parser);
    const unsigned long line = XML_GetCurrentLineNumber(s->parser), column = XML_GetCurrentColumnNumber(s->parser) + 1;
    if (s->error)
        return s->error;
    if (error == XML_ERROR_NO_MEMORY)
        return fail_memory(s->fault, "a reader of SSML");
    if (!s->depth)
        return fail(s->fault, UTTER_ERROR_ARGUMENT, "SSML, line %lu, column %lu: %s", line, column,
                    error == XML_ERROR_NO_ELEMENTS ? "there is no element" : XML_ErrorString(error));
    const struct element *open = &s->open[s->depth - 1];
    if (error == XML_ERROR_TAG_MISMATCH || error == XML_ERROR_NO_ELEMENTS)
        return fail(s->fault, UTTER_ERROR_ARGUMENT,
                    "SSML, line %lu, column %lu: <%s> is not closed, of line %lu, column %lu", line, column, open->name,
                    open->line, open->column);
    return fail(s->fault, UTTER_ERROR_ARGUMENT, "SSML, line %lu, column %lu, in <%s>: %s", line, column, open->name,
                XML_ErrorString(error));
}

int ssml_feed(struct ssml *s, const char *bytes, size_t size, bool last, struct fault *fault)
{
    s->fault = fault;
    s->fed += size;
    if (XML_Parse(s->parser, bytes, (int)size, last) != XML_STATUS_OK)
        return parser_failed(s);
    if (s->alias.failed || s->folded->failed)
        return fail_memory(fault, "a text of SSML");
    if (s->fed > s->reached + TOKEN_MAX)
        return fail(fault, UTTER_ERROR_ARGUMENT, "SSML, line %lu: a tag or comment is longer than %d bytes",
                    XML_GetCurrentLineNumber(s->parser), TOKEN_MAX);
    return 0;
}
