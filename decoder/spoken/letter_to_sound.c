#include "decoder/spoken/letter_to_sound.h"

#include "decoder/spoken/letter_to_sound_format.h"

#include <math.h>
#include <string.h>

enum {
    BEAM = 4,
    ONE = 8192, /* of a 16-bit activation: 1.0 */
    READ_MAXIMUM = 2 * NETWORK_STATE_MAXIMUM,
    INPUT_MAXIMUM = READ_MAXIMUM + NETWORK_EMBEDDED_MAXIMUM
};

/* ---- opening ---- */

/* A walk over the parts; past the end it only counts. */
struct walk {
    const unsigned char *bytes;
    size_t at, size;
    bool finite; /* all floats so far */
};

static const void *walk_part(struct walk *w, size_t bytes)
{
    const void *part = w->at <= w->size && bytes <= w->size - w->at ? w->bytes + w->at : NULL;
    w->at += (bytes + 7) / 8 * 8;
    return part;
}

static const float *walk_floats(struct walk *w, int count)
{
    const float *floats = walk_part(w, (size_t)count * sizeof *floats);
    for (int i = 0; floats && i < count; i++)
        w->finite &= fabsf(floats[i]) < 1e6f;
    return floats;
}

static void walk_matrix(struct walk *w, struct network_matrix *m, int rows, int columns)
{
    m->rows = rows;
    m->columns = columns;
    m->scales = walk_floats(w, rows);
    m->weights = walk_part(w, (size_t)rows * (size_t)columns);
}

static void walk_gru(struct walk *w, struct network_gru *gru, int input, int state)
{
    walk_matrix(w, &gru->input, 3 * state, input);
    walk_matrix(w, &gru->state, 3 * state, state);
    gru->input_biases = walk_floats(w, 3 * state);
    gru->state_biases = walk_floats(w, 3 * state);
}

static void walk_network(struct walk *w, struct letter_to_sound *n)
{
    walk_part(w, sizeof(struct network_header));
    n->chunk_phones = walk_part(w, (size_t)n->chunks * NETWORK_CHUNK);
    walk_matrix(w, &n->letters, NETWORK_LETTERS, n->embedded);
    walk_matrix(w, &n->before, n->chunks + 1, n->embedded);
    for (int layer = 0; layer < 2; layer++)
        for (int backwards = 0; backwards < 2; backwards++)
            walk_gru(w, &n->readers[layer][backwards], layer ? 2 * n->reading : n->embedded, n->reading);
    walk_gru(w, &n->writer, 2 * n->reading + n->embedded, n->writing);
    walk_matrix(w, &n->says, n->chunks, n->writing);
    n->says_biases = walk_floats(w, n->chunks);
}

static bool within(uint32_t value, uint32_t most)
{
    return value >= 1 && value <= most;
}

static bool chunks_hold(const struct letter_to_sound *n)
{
    for (int i = 0; i < n->chunks; i++) {
        const unsigned char *chunk = n->chunk_phones + (size_t)i * NETWORK_CHUNK;
        if (chunk[0] >= NETWORK_CHUNK)
            return false;
        for (int k = 1; k <= chunk[0]; k++)
            if (chunk[k] >= PHONE_COUNT)
                return false;
    }
    return true;
}

int letter_to_sound_open(struct letter_to_sound *network, const void *bytes, size_t size, const char *name,
                         struct fault *fault)
{
    struct network_header h;
    if (size < sizeof h || memcmp(bytes, NETWORK_MAGIC, sizeof h.magic) != 0)
        return fail(fault, UTTER_ERROR_MODEL, "%s: not a letter-to-sound network", name);
    memcpy(&h, bytes, sizeof h);
    if (h.version != NETWORK_VERSION)
        return fail(fault, UTTER_ERROR_UNSUPPORTED, "%s: a letter-to-sound network of version %u, and only %d is known",
                    name, (unsigned)h.version, NETWORK_VERSION);
    if (!within(h.chunks, NETWORK_CHUNKS_MAXIMUM) || !within(h.embedded, NETWORK_EMBEDDED_MAXIMUM) ||
        !within(h.reading, NETWORK_STATE_MAXIMUM) || !within(h.writing, NETWORK_STATE_MAXIMUM))
        return fail(fault, UTTER_ERROR_MODEL, "%s: the header of the letter-to-sound network is damaged", name);
    struct letter_to_sound n = {(int)h.chunks, (int)h.embedded, (int)h.reading, (int)h.writing, .chunk_phones = NULL};
    struct walk w = {bytes, 0, size, true};
    walk_network(&w, &n);
    if (w.at != size)
        return fail(fault, UTTER_ERROR_MODEL, "%s: the letter-to-sound network has %zu bytes, and its header says %zu",
                    name, size, w.at);
    if (!w.finite || !chunks_hold(&n))
        return fail(fault, UTTER_ERROR_MODEL, "%s: the weights of the letter-to-sound network are damaged", name);
    *network = n;
    return 0;
}

/* ---- the network ---- */

static float logistic(float x)
{
    return 1.0f / (1.0f + expf(-x));
}

static int16_t fixed(float x)
{
    float most = 32767.0f / ONE;
    return (int16_t)lrintf((x > most ? most : x < -most ? -most : x) * ONE);
}

/* A row's product with x [columns], exact: 8 bits times 16, in 32. */
static int32_t product(const int8_t *row, const int16_t *x, int columns)
{
    int32_t sum = 0;
    for (int i = 0; i < columns; i++)
        sum += row[i] * x[i];
    return sum;
}

static void multiply(const struct network_matrix *m, const int16_t *x, const float *biases, float *out)
{
    for (int r = 0; r < m->rows; r++) {
        int32_t sum = product(m->weights + (size_t)r * (size_t)m->columns, x, m->columns);
        out[r] = m->scales[r] / ONE * (float)sum + biases[r];
    }
}

static void embed(const struct network_matrix *m, int row, int16_t *out)
{
    for (int i = 0; i < m->columns; i++)
        out[i] = fixed(m->scales[row] * (float)m->weights[(size_t)row * (size_t)m->columns + (size_t)i]);
}

/* One step: x [input], h [state] in and out. */
static void step(const struct network_gru *gru, const int16_t *x, int16_t *h)
{
    int size = gru->state.columns;
    float a[3 * NETWORK_STATE_MAXIMUM], b[3 * NETWORK_STATE_MAXIMUM];
    multiply(&gru->input, x, gru->input_biases, a);
    multiply(&gru->state, h, gru->state_biases, b);
    for (int i = 0; i < size; i++) {
        float reset = logistic(a[i] + b[i]), update = logistic(a[size + i] + b[size + i]);
        float fresh = tanhf(a[2 * size + i] + reset * b[2 * size + i]);
        h[i] = fixed((1.0f - update) * fresh + update * (float)h[i] / ONE);
    }
}

/* One layer in both directions: in [letters, INPUT_MAXIMUM] to out, the same, forwards first. */
static void read_layer(const struct network_gru readers[2], int16_t (*in)[INPUT_MAXIMUM], int count,
                       int16_t (*out)[INPUT_MAXIMUM])
{
    int size = readers[0].state.columns;
    int16_t forwards[NETWORK_STATE_MAXIMUM] = {0}, backwards[NETWORK_STATE_MAXIMUM] = {0};
    for (int i = 0; i < count; i++) {
        step(&readers[0], in[i], forwards);
        memcpy(out[i], forwards, (size_t)size * sizeof *forwards);
        step(&readers[1], in[count - 1 - i], backwards);
        memcpy(out[count - 1 - i] + size, backwards, (size_t)size * sizeof *backwards);
    }
}

/* ---- the beam ---- */

struct hypothesis {
    float score; /* natural log probability */
    int16_t state[NETWORK_STATE_MAXIMUM];
    uint16_t chunks[LETTER_TO_SOUND_LONGEST];
};

struct candidate {
    float score;
    int parent, chunk;
};

struct beam {
    struct hypothesis hypotheses[2][BEAM];
    int count, current;
};

/* Keeps the best candidates, in order. */
static void consider(struct candidate *best, int *count, struct candidate c)
{
    int at = *count;
    if (at == BEAM && c.score <= best[BEAM - 1].score)
        return;
    at = at < BEAM ? at : BEAM - 1;
    for (; at > 0 && best[at - 1].score < c.score; at--)
        best[at] = best[at - 1];
    best[at] = c;
    *count += *count < BEAM;
}

/* scores [count] to log probabilities. */
static void log_softmax(float *scores, int count)
{
    float most = scores[0], sum = 0.0f;
    for (int i = 1; i < count; i++)
        most = fmaxf(most, scores[i]);
    for (int i = 0; i < count; i++)
        sum += expf(scores[i] - most);
    for (int i = 0; i < count; i++)
        scores[i] -= most + logf(sum);
}

static void expand(const struct letter_to_sound *n, struct beam *beam, int16_t *heard, int letter,
                   struct candidate *best, int *count)
{
    float scores[NETWORK_CHUNKS_MAXIMUM];
    for (int i = 0; i < beam->count; i++) {
        struct hypothesis *h = &beam->hypotheses[beam->current][i];
        embed(&n->before, letter ? h->chunks[letter - 1] : n->chunks, heard + 2 * n->reading);
        step(&n->writer, heard, h->state);
        multiply(&n->says, h->state, n->says_biases, scores);
        log_softmax(scores, n->chunks);
        for (int chunk = 0; chunk < n->chunks; chunk++)
            consider(best, count, (struct candidate){h->score + scores[chunk], i, chunk});
    }
}

static void advance(struct beam *beam, const struct candidate *best, int count, int letter)
{
    int next = 1 - beam->current;
    for (int i = 0; i < count; i++) {
        struct hypothesis *h = &beam->hypotheses[next][i];
        *h = beam->hypotheses[beam->current][best[i].parent];
        h->score = best[i].score;
        h->chunks[letter] = (uint16_t)best[i].chunk;
    }
    beam->current = next;
    beam->count = count;
}

/* Says letters [count], 1 at least; the score. */
static float say(const struct letter_to_sound *n, const unsigned char *letters, int count, struct phones *phones)
{
    int16_t a[LETTER_TO_SOUND_LONGEST][INPUT_MAXIMUM], b[LETTER_TO_SOUND_LONGEST][INPUT_MAXIMUM];
    struct beam beam = {.count = 1};
    for (int i = 0; i < count; i++)
        embed(&n->letters, letters[i], a[i]);
    read_layer(n->readers[0], a, count, b);
    read_layer(n->readers[1], b, count, a);
    for (int i = 0; i < count; i++) {
        struct candidate best[BEAM];
        int kept = 0;
        expand(n, &beam, a[i], i, best, &kept);
        advance(&beam, best, kept, i);
    }
    const struct hypothesis *h = &beam.hypotheses[beam.current][0];
    for (int i = 0; i < count; i++) {
        const unsigned char *chunk = n->chunk_phones + (size_t)h->chunks[i] * NETWORK_CHUNK;
        phones_add_all(phones, chunk + 1, chunk[0]);
    }
    return h->score;
}

int letter_to_sound(const struct letter_to_sound *n, const char *word, size_t length, struct phones *phones,
                    float *score, struct fault *fault)
{
    unsigned char letters[LETTER_TO_SOUND_LONGEST];
    size_t begin = phones->count;
    float sum = 0.0f;
    int count = 0;
    for (size_t i = 0; i < length; i++) {
        if (word[i] == '\'' || (word[i] >= 'a' && word[i] <= 'z'))
            letters[count++] = word[i] == '\'' ? 0 : (unsigned char)(word[i] - 'a' + 1);
        if (count == LETTER_TO_SOUND_LONGEST || (count > 0 && i + 1 == length)) {
            sum += say(n, letters, count, phones);
            count = 0;
        }
    }
    phones_stress(phones, begin);
    if (score)
        *score = sum;
    return phones->failed ? fail_memory(fault, "phones") : 0;
}
