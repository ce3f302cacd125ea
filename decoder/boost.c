#include "decoder/boost_parts.h"

#include "src/base/memory.h"

#include <stdlib.h>

static int32_t child_of(const struct boost *b, int32_t node, unsigned char byte)
{
    int32_t low = b->nodes[node].first, high = low + b->nodes[node].count;
    while (high - low > 8) {
        int32_t middle = low + (high - low) / 2;
        if (b->bytes[middle] <= byte)
            low = middle;
        else
            high = middle;
    }
    while (low < high && b->bytes[low] != byte)
        low++;
    return low < high ? low : BOOST_NONE;
}

int32_t boost_step(const struct boost *b, int32_t node, unsigned char byte)
{
    int32_t child;
    while ((child = child_of(b, node, byte)) == BOOST_NONE && node != BOOST_ROOT)
        node = b->nodes[node].fail;
    return child == BOOST_NONE ? BOOST_ROOT : child;
}

void boost_begin(const struct boost *b, struct boosted *out)
{
    *out = (struct boosted){0.0, 0.0, b->start};
}

struct boost_leap boost_walk(const struct boost *b, int32_t node, int token)
{
    const struct spelled spelled = spelling_plain(b->spelling, token);
    float ended = 0.0f;
    for (size_t i = 0; i < spelled.length; i++) {
        unsigned char byte = (unsigned char)spelled.bytes[i];
        if (byte == ' ' && node != BOOST_ROOT && b->bytes[node] == ' ')
            continue;
        if (byte == ' ')
            ended += b->nodes[node].word_end;
        node = byte == ' ' ? b->nodes[node].space : boost_step(b, node, byte);
        ended += b->nodes[node].here;
    }
    return (struct boost_leap){node, ended};
}

/* A space that no phrase has here leads to where it leads from the root. */
static bool leaves(const struct boost *b, int32_t node, int token)
{
    return node == BOOST_ROOT || (b->nodes[node].space == b->start && spelling_plain(b->spelling, token).begins);
}

void boost_extend(const struct boost *b, const struct boosted *parent, int token, struct boosted *out)
{
    struct boost_leap leap = {parent->node, 0.0f};
    bool known = token >= 0 && token < spelling_size(b->spelling);
    if (known && leaves(b, parent->node, token)) {
        leap = b->leaps[token];
        leap.ended += b->nodes[parent->node].word_end;
    } else if (known) {
        leap = boost_walk(b, parent->node, token);
    }
    double ended = parent->ended + (double)leap.ended;
    *out = (struct boosted){ended + (double)b->nodes[leap.node].partial, ended, leap.node};
}

double boost_whole(const struct boost *b, const struct boosted *state)
{
    return state->ended + (double)b->nodes[state->node].word_end;
}

double boost_most(const struct boost *b, const struct boosted *state)
{
    const struct boost_node *node = &b->nodes[state->node];
    return state->ended + (double)node->word_end + b->jump + (double)node->reach;
}

double boost_gain(const struct boost *b, int token)
{
    bool known = token >= 0 && token < spelling_size(b->spelling);
    return known ? (double)b->nodes[b->leaps[token].node].partial : 0.0;
}

bool boost_begins_word(const struct boost *b, const struct boosted *state)
{
    return b->nodes[state->node].begins;
}

bool boost_is_word(const struct boost *b, const struct boosted *state)
{
    return b->nodes[state->node].is;
}

void boost_close(struct boost **boost)
{
    if (!*boost)
        return;
    free((*boost)->nodes);
    free((*boost)->bytes);
    free((*boost)->leaps);
    free(*boost);
    *boost = NULL;
}
