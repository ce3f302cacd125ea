#include "decoder/search/prefixes.h"

#include "src/base/memory.h"

#include <stdlib.h>

/* What the guide says of the node that is to be added. */
static bool add_guided(struct prefixes *p, int32_t parent, int32_t token)
{
    void *guided = p->guided;
    bool grown = memory_grow(&guided, &p->guided_capacity, p->count + 1, sizeof *p->guided);
    p->guided = guided;
    if (grown && parent == PREFIX_NONE)
        guide_begin(p->guide, &p->guided[p->count]);
    else if (grown)
        guide_extend(p->guide, &p->guided[parent], token, &p->guided[p->count]);
    return grown;
}

static int32_t add_node(struct prefixes *p, int32_t parent, int32_t token)
{
    void *nodes = p->nodes;
    if (p->count >= INT32_MAX || (p->guide && !add_guided(p, parent, token)))
        return PREFIX_NONE;
    bool grown = memory_grow(&nodes, &p->capacity, p->count + 1, sizeof *p->nodes);
    p->nodes = nodes;
    if (!grown)
        return PREFIX_NONE;
    int32_t made = (int32_t)p->count++;
    p->nodes[made] = (struct prefix){parent, token, PREFIX_NONE, PREFIX_NONE, PREFIX_NONE, 0};
    if (parent != PREFIX_NONE) {
        p->nodes[made].sibling = p->nodes[parent].child;
        p->nodes[made].depth = p->nodes[parent].depth + 1;
        p->nodes[parent].child = made;
    }
    return made;
}

bool prefixes_open(struct prefixes *p, const struct guide *guide)
{
    *p = (struct prefixes){.guide = guide_asks(guide) ? guide : NULL};
    return add_node(p, PREFIX_NONE, PREFIX_NONE) == PREFIX_ROOT;
}

void prefixes_free(struct prefixes *p)
{
    free(p->nodes);
    free(p->guided);
    *p = (struct prefixes){0};
}

int32_t prefixes_find(const struct prefixes *p, int32_t node, int32_t token)
{
    int32_t child = p->nodes[node].child;
    while (child != PREFIX_NONE && p->nodes[child].token != token)
        child = p->nodes[child].sibling;
    return child;
}

int32_t prefixes_child(struct prefixes *p, int32_t node, int32_t token)
{
    int32_t child = prefixes_find(p, node, token);
    return child != PREFIX_NONE ? child : add_node(p, node, token);
}

/* ---- the guide ---- */

double prefixes_rank(const struct prefixes *p, int32_t node)
{
    return p->guide ? p->guided[node].rank : 0.0;
}

double prefixes_rank_with(struct prefixes *p, int32_t node, int32_t token, double bar)
{
    struct guided with;
    if (!p->guide)
        return 0.0;
    double most = guide_most_with(p->guide, &p->guided[node], token);
    if (most < bar)
        return most;
    guide_extend(p->guide, &p->guided[node], token, &with);
    return with.rank;
}

double prefixes_most(struct prefixes *p, int32_t node)
{
    return p->guide ? guide_most_of_any(p->guide, &p->guided[node]) : 0.0;
}

double prefixes_whole(struct prefixes *p, int32_t node)
{
    return p->guide ? guide_whole(p->guide, &p->guided[node]) : 0.0;
}
