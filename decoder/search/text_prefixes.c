#include "decoder/search/text_prefixes.h"

#include "src/base/memory.h"

#include <stdlib.h>

enum { BYTES = 256 }; /* letters from here on are tokens that write nothing */

/* ---- texts: a trie of letters ---- */

static int32_t add_text(struct text_prefixes *p, int32_t parent, int32_t letter)
{
    void *texts = p->texts;
    if (p->text_count >= INT32_MAX || !memory_grow(&texts, &p->text_capacity, p->text_count + 1, sizeof *p->texts))
        return PREFIX_NONE;
    p->texts = texts;
    int32_t made = (int32_t)p->text_count++;
    struct text_node *text = &p->texts[made];
    *text = (struct text_node){letter, PREFIX_NONE, PREFIX_NONE, PREFIX_NONE, PREFIX_NONE, PREFIX_NONE};
    if (parent != PREFIX_NONE) {
        text->sibling = p->texts[parent].child;
        p->texts[parent].child = made;
    }
    return made;
}

static int32_t longer_text(struct text_prefixes *p, int32_t text, int32_t letter)
{
    int32_t child = p->texts[text].child;
    while (child != PREFIX_NONE && p->texts[child].letter != letter)
        child = p->texts[child].sibling;
    return child != PREFIX_NONE ? child : add_text(p, text, letter);
}

static int32_t text_with(struct text_prefixes *p, int32_t text, int32_t token)
{
    struct spelled spelled = {0};
    if (p->spelling)
        spelled = spelling_of(p->spelling, token);
    if (!spelled.length)
        return longer_text(p, text, BYTES + token);
    for (size_t i = 0; i < spelled.length && text != PREFIX_NONE; i++)
        text = longer_text(p, text, (unsigned char)spelled.bytes[i]);
    return text;
}

/* ---- what the guide says ---- */

/* from: the text that the new one goes on from by token; NONE: it is the root. */
static bool add_guided(struct text_prefixes *p, int32_t text, int32_t from, int32_t token)
{
    void *guided = p->guided;
    if (!p->guide || p->texts[text].guided != PREFIX_NONE)
        return true;
    if (!memory_grow(&guided, &p->guided_capacity, p->guided_count + 1, sizeof *p->guided))
        return false;
    p->guided = guided;
    p->texts[text].guided = (int32_t)p->guided_count++;
    if (from == PREFIX_NONE)
        guide_begin(p->guide, &p->guided[p->texts[text].guided]);
    else
        guide_extend(p->guide, text_prefixes_guided(p, from), token, &p->guided[p->texts[text].guided]);
    return true;
}

struct guided *text_prefixes_guided(struct text_prefixes *p, int32_t text)
{
    return &p->guided[p->texts[text].guided];
}

/* ---- prefixes ---- */

static int32_t add_prefix(struct text_prefixes *p, struct text_prefix prefix)
{
    void *list = p->list;
    if (p->count >= INT32_MAX || !memory_grow(&list, &p->capacity, p->count + 1, sizeof *p->list))
        return PREFIX_NONE;
    p->list = list;
    p->list[p->count] = prefix;
    return (int32_t)p->count++;
}

bool text_prefixes_open(struct text_prefixes *p, const struct spelling *spelling, const struct guide *guide)
{
    const struct text_prefix root = {PREFIX_ROOT, PREFIX_NONE, PREFIX_NONE, PREFIX_NONE, PREFIX_NONE, 0, PREFIX_NONE};
    *p = (struct text_prefixes){.spelling = spelling, .guide = guide};
    return add_text(p, PREFIX_NONE, 0) == PREFIX_ROOT && add_guided(p, PREFIX_ROOT, PREFIX_NONE, PREFIX_NONE) &&
           add_prefix(p, root) == PREFIX_ROOT;
}

void text_prefixes_close(struct text_prefixes *p)
{
    free(p->list);
    free(p->texts);
    free(p->guided);
}

int32_t text_prefixes_find(const struct text_prefixes *p, int32_t text, int32_t token)
{
    int32_t found = p->texts[text].grown;
    while (found != PREFIX_NONE && p->list[found].token != token)
        found = p->list[found].sibling;
    return found;
}

int32_t text_prefixes_add(struct text_prefixes *p, int32_t text, int32_t token, int32_t before, int32_t born)
{
    int32_t longer = text_with(p, text, token);
    if (longer == PREFIX_NONE || !add_guided(p, longer, text, token))
        return PREFIX_NONE;
    int32_t made =
        add_prefix(p, (struct text_prefix){longer, text, before, token, p->texts[text].grown, born, PREFIX_NONE});
    if (made != PREFIX_NONE)
        p->texts[text].grown = made;
    return made;
}
