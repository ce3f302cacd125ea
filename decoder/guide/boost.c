#include "decoder/guide/boost_parts.h"

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

static int32_t step(const struct boost *b, int32_t node, char byte)
{
    return byte == ' ' ? b->nodes[node].space : boost_step(b, node, (unsigned char)byte);
}

struct boost_leap boost_walk(const struct boost *b, int32_t node, int token)
{
    const struct spelled spelled = spelling_plain(b->spelling, token);
    struct boost_leap leap = {.node = node, .silent = !spelled.length};
    for (size_t i = 0; i < spelled.length; i++) {
        if (spelled.bytes[i] == ' ')
            leap.ended += b->nodes[leap.node].word_end;
        leap.node = step(b, leap.node, spelled.bytes[i]);
        leap.ended += b->nodes[leap.node].here;
        if (i == 0) {
            leap.first = leap.node;
            leap.byte = spelled.bytes[0];
        }
    }
    return leap;
}

void boost_extend(const struct boost *b, const struct boosted *parent, int token, struct boosted *out)
{
    *out = *parent;
    if (token < 0 || token >= b->tokens || b->leaps[token].silent)
        return;
    struct boost_leap leap = b->leaps[token];
    if (step(b, parent->node, leap.byte) != leap.first)
        leap = boost_walk(b, parent->node, token);
    else if (leap.byte == ' ')
        leap.ended += b->nodes[parent->node].word_end;
    out->node = leap.node;
    out->ended = parent->ended + (double)leap.ended;
    out->rank = out->ended + (double)b->nodes[leap.node].partial;
}

double boost_whole(const struct boost *b, const struct boosted *state)
{
    return state->ended + (double)b->nodes[state->node].word_end;
}

struct boost_most boost_most(const struct boost *b, const struct boosted *state)
{
    return (struct boost_most){state->ended + (double)b->nodes[state->node].word_end + b->jump,
                               b->reaches + (size_t)state->node * BOOST_LENGTHS};
}

struct boost_gain boost_gain(const struct boost *b, int token)
{
    if (token < 0 || token >= b->tokens)
        return (struct boost_gain){0.0, 0};
    return (struct boost_gain){(double)b->nodes[b->leaps[token].node].partial, b->leaps[token].length};
}

double boost_gain_most(const struct boost *b)
{
    return b->gain;
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
    free((*boost)->reaches);
    free((*boost)->leaps);
    free(*boost);
    *boost = NULL;
}
