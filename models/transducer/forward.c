/* forward.c - the prediction network (an LSTM, Graves 2012, section 2.1) and the joint network as NeMo has it: a sum of
 * both sides, an activation, and a matrix. */
#include "models/transducer/forward.h"

static struct tensor new_2d(struct context *c, int64_t n0, int64_t n1)
{
    return tensor_new(c, TENSOR_F32, 2, (int64_t[]){n0, n1});
}

/* x [n, h] becomes the layer's new hidden state. */
static void recurrent(struct context *c, struct tensor x, const struct recurrent_layer *l, struct tensor hidden,
                      struct tensor cell, const struct predictions *p)
{
    size_t mark = arena_mark(c);
    const int64_t n = x.shape[0], h = x.shape[1];
    struct tensor before = new_2d(c, n, h), memory = new_2d(c, n, h), gates = new_2d(c, n, 4 * h);
    gather_rows(c, before, hidden, p->from);
    gather_rows(c, memory, cell, p->from);
    linear(c, gates, x, &l->input);
    linear_add(c, gates, before, &l->state, 1, gates);
    lstm_cell(c, x, memory, gates);
    scatter_rows(c, hidden, x, p->to);
    scatter_rows(c, cell, memory, p->to);
    arena_release(c, mark);
}

void transducer_predict(struct context *c, const struct transducer *m, const struct kept *kept,
                        const struct predictions *p)
{
    size_t mark = arena_mark(c);
    struct tensor x = new_2d(c, p->n, m->config.hidden_size), out = new_2d(c, p->n, m->config.hidden_size);
    gather_rows(c, x, m->embedding, p->tokens);
    for (int i = 0; i < m->config.layers; i++)
        recurrent(c, x, &m->layers[i], kept->hidden[i], kept->cell[i], p);
    linear(c, out, x, &m->projector);
    scatter_rows(c, kept->predicted, out, p->to);
    arena_release(c, mark);
}

/* x [n, h] → the log-probabilities of what l scores. */
static struct tensor score(struct context *c, struct tensor x, const struct linear *l)
{
    struct tensor logits = new_2d(c, x.shape[0], l->out), out = new_2d(c, x.shape[0], l->out);
    linear(c, logits, x, l);
    log_softmax(c, out, logits);
    return out;
}

void transducer_join(struct context *c, const struct transducer *m, const struct kept *kept, const struct joints *j)
{
    size_t mark = arena_mark(c);
    const int64_t h = m->config.hidden_size;
    struct tensor tokens, durations = {0};
    struct tensor heard = new_2d(c, j->n, h), read = new_2d(c, j->n, h);
    gather_rows(c, heard, kept->states, j->states);
    gather_rows(c, read, kept->predicted, j->slots);
    add(c, heard, heard, 1, read);
    activate(c, heard, heard, m->config.activation);
    tokens = score(c, heard, &m->tokens);
    if (m->config.duration_count)
        durations = score(c, heard, &m->durations);
    step_end(c);
    tensor_download(c, j->tokens, tokens, tensor_count(&tokens));
    if (m->config.duration_count)
        tensor_download(c, j->durations, durations, tensor_count(&durations));
    arena_release(c, mark);
}
