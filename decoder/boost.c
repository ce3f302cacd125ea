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

void boost_extend(const struct boost *b, const struct boosted *parent, int token, struct boosted *out)
{
    const struct spelled spelled = spelling_plain(b->spelling, token);
    int32_t node = parent->node;
    double ended = parent->ended;
    for (size_t i = 0; i < spelled.length; i++) {
        unsigned char byte = (unsigned char)spelled.bytes[i];
        if (byte == ' ' && node != BOOST_ROOT && b->bytes[node] == ' ')
            continue;
        if (byte == ' ')
            ended += (double)b->nodes[node].word_end;
        node = boost_step(b, node, byte);
        ended += (double)b->nodes[node].here;
    }
    *out = (struct boosted){ended + (double)b->nodes[node].partial, ended, node};
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
    free(*boost);
    *boost = NULL;
}
